import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../src/config.js';
import { freePort, type SiteProcess, startProcess } from '../processes.js';
import type { System } from './system.js';

// It locks the ledger for a while, and fails after it has changed it.
const MIGRATION = `import { sql } from 'kysely';
export async function up(db) {
  await sql\`create table half (id bigint)\`.execute(db);
  await sql\`alter table votes add column half text\`.execute(db);
  await sql\`select pg_sleep(1)\`.execute(db);
  throw new Error('half-way');
}
`;

/** Starts a newer version beside the site, on the same stores. Its migration fails half-way. */
export function startFailingRelease(): {
  begin(system: System): Promise<void>;
  end(): Promise<void>;
} {
  let release: SiteProcess;
  return {
    async begin({ folder, env }) {
      const copy = join(folder, 'release');
      mkdirSync(copy);
      for (const name of ['package.json', 'dist'])
        cpSync(join(root, name), join(copy, name), { recursive: true });
      for (const name of ['node_modules', 'views', 'public', 'src'])
        symlinkSync(join(root, name), join(copy, name));
      writeFileSync(join(copy, 'dist/migrations/9999-01-01-half.js'), MIGRATION);
      release = startProcess({ ...env, PORT: String(await freePort()) }, { folder: copy });
      if (release.child.exitCode === null) await once(release.child, 'exit');
    },
    async end() {
      const failure = 'migration 9999-01-01-half failed: half-way';
      if (release.child.exitCode !== 1 || !release.said().includes(failure))
        throw new Error(`the new version did not fail as it should: ${release.said()}`);
    },
  };
}
