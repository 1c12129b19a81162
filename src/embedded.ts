import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { dataDir as prepopulated } from '@electric-sql/pglite-prepopulatedfs';
import type { PostgresPool, PostgresPoolClient } from 'kysely';

/**
 * Opens the embedded Postgres (PGlite) whose files live under a folder, creating it at the first start.
 * Its one connection is lent to one borrower at a time, so Kysely's transactions hold unchanged.
 * @param say is told when the database has to be created first, which takes some seconds
 * @throws Error when another process has the same folder open
 */
export async function openEmbedded(folder: string, say: (line: string) => void): Promise<PostgresPool> {
  mkdirSync(folder, { recursive: true });
  const lock = await lockFolder(folder);
  const files = join(folder, 'postgres');
  if (!existsSync(files)) {
    say('Creating the embedded database (only at the first start, a few seconds) ...');
    await create(files);
  }
  return lend(await PGlite.create(files), () => lock.close());
}

function lend(pglite: PGlite, closed: () => void): PostgresPool {
  let last: Promise<void> = Promise.resolve();
  return {
    async connect() {
      const turn = last;
      let release = (): void => undefined;
      last = new Promise((resolve) => {
        release = resolve;
      });
      await turn;
      const query = (text: string, values: readonly unknown[]) => pglite.query(text, [...values]);
      return { query, release } as unknown as PostgresPoolClient;
    },
    async end() {
      await last;
      await pglite.close();
      closed();
    },
  };
}

// Made beside its final place and then renamed: a start cut short leaves nothing that looks like a database.
async function create(files: string): Promise<void> {
  const unfinished = `${files}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const pglite = await PGlite.create(unfinished, { loadDataDir: await prepopulated() });
  await pglite.close();
  renameSync(unfinished, files);
}

// Two processes on one set of files would destroy it. A listening socket is a lock that the system takes back
// when its holder dies, however it dies; a file with a process id would be believed after that.
async function lockFolder(folder: string): Promise<Server> {
  const name = `thinga-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24)}`;
  const server = await listen(socketPath(name));
  if (server) return server;
  if (!leavesFiles || (await answers(socketPath(name))))
    throw new Error(
      `the embedded database in ${folder} is in use by another process (stop it, or set DATABASE_URL)`,
    );
  return takeOver(socketPath(name), folder);
}

// Linux has sockets and Windows has pipes that are no files, so that nothing of them is ever left behind.
const leavesFiles = !['linux', 'win32'].includes(process.platform);

function socketPath(name: string): string {
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

// What a dead process left is removed by one process at a time: two would remove each other's.
async function takeOver(path: string, folder: string): Promise<Server> {
  const guard = `${path}.guard`;
  try {
    mkdirSync(guard);
  } catch {
    throw new Error(
      `the embedded database in ${folder} is being opened by another process (or remove ${guard})`,
    );
  }
  try {
    if (!(await answers(path))) rmSync(path, { force: true });
    const server = await listen(path);
    if (!server) throw new Error(`the embedded database in ${folder} is in use by another process`);
    return server;
  } finally {
    rmSync(guard, { recursive: true, force: true });
  }
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => resolve(server));
    server.unref();
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
