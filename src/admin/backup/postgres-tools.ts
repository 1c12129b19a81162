import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { environmentWith } from '../../config.js';
import type { Database } from '../../database.js';

const run = promisify(execFile);

/** Returns the major version of a Postgres server, such as 15. */
export async function majorVersion(db: Database): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    select current_setting('server_version_num')::int / 10000 as version`.execute(db);
  return rows[0]?.version ?? 0;
}

/**
 * Finds a program that comes with Postgres, of exactly the server's version. An older pg_dump refuses the server, and
 * the dump of a newer one may hold what the server does not know.
 * @throws Error that says what to install
 */
export async function findTool(name: 'pg_dump' | 'pg_restore', version: number): Promise<string> {
  for (const folder of foldersOf(version)) {
    const program = join(folder, name);
    if ((await versionOf(program)) === version) return program;
  }
  throw new Error(
    `${name} of Postgres ${version} is not here. Install the client of Postgres ${version}: postgresql-client-${version} on ` +
      `Debian and Ubuntu, postgresql${version}-client on Alpine, postgresql@${version} with Homebrew`,
  );
}

/** The folders in which systems put the programs of a version. The first is that of PATH. */
const foldersOf = (version: number): string[] => [
  '',
  `/usr/lib/postgresql/${version}/bin`,
  `/usr/pgsql-${version}/bin`,
  `/usr/libexec/postgresql${version}`,
  `/opt/homebrew/opt/postgresql@${version}/bin`,
  `/usr/local/opt/postgresql@${version}/bin`,
  `C:\\Program Files\\PostgreSQL\\${version}\\bin`,
];

async function versionOf(program: string): Promise<number | undefined> {
  try {
    const { stdout } = await run(program, ['--version']);
    return Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
  } catch {
    return undefined;
  }
}

/**
 * Runs such a program on a database.
 * @throws Error with what the program said
 */
export async function runTool(program: string, args: string[], databaseUrl: string): Promise<void> {
  const url = new URL(databaseUrl);
  // Everyone on the machine can read the arguments of a program, but not its environment.
  const env = environmentWith(url.password ? { PGPASSWORD: decodeURIComponent(url.password) } : {});
  url.password = '';
  try {
    await run(program, [...args, `--dbname=${url.href}`], { env, maxBuffer: 2 ** 26 });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new Error(said || String(error), { cause: error });
  }
}
