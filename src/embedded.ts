import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { dataDir as prepopulated } from '@electric-sql/pglite-prepopulatedfs';
import type { PostgresPool, PostgresPoolClient } from 'kysely';

/**
 * Opens the embedded Postgres (PGlite) whose files are in a folder, and creates it at the first start. It has
 * one connection, which one caller uses at a time, so Kysely's transactions work unchanged.
 * @param print gets a line when the database has to be created first, which takes some seconds
 * @throws Error when another process has the same folder open
 */
export async function openEmbedded(folder: string, print: (line: string) => void): Promise<PostgresPool> {
  mkdirSync(folder, { recursive: true });
  const lock = await lockFolder(folder);
  const files = join(folder, 'postgres');
  if (!existsSync(files)) {
    print('Creating the embedded database (only at the first start, a few seconds) ...');
    await createDatabase(files, await prepopulated());
  }
  return createPool(await PGlite.create(files), () => lock.close());
}

/**
 * Packs the files of the embedded database into a gzipped tar archive. The archive fits into memory.
 * @throws Error when another process has the folder open
 */
export async function dumpEmbedded(folder: string): Promise<Buffer> {
  const files = join(folder, 'postgres');
  if (!existsSync(files)) throw new Error(`there is no embedded database in ${folder}`);
  const lock = await lockFolder(folder);
  const pglite = await PGlite.create(files);
  try {
    await pglite.exec('checkpoint');
    const archive = await pglite.dumpDataDir('gzip');
    return Buffer.from(await archive.arrayBuffer());
  } finally {
    await pglite.close();
    lock.close();
  }
}

/**
 * Unpacks such an archive into a folder without an embedded database.
 * @throws Error when the folder has one, or the archive can't be read
 */
export async function restoreEmbedded(folder: string, archive: Blob): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const lock = await lockFolder(folder);
  try {
    const files = join(folder, 'postgres');
    if (existsSync(files))
      throw new Error(`${folder} has a database already: set DATA_DIR to an empty folder`);
    await createDatabase(files, archive);
  } finally {
    lock.close();
  }
}

function createPool(pglite: PGlite, onClose: () => void): PostgresPool {
  let lastRelease: Promise<void> = Promise.resolve();
  return {
    async connect() {
      const previousRelease = lastRelease;
      let release = (): void => undefined;
      lastRelease = new Promise((resolve) => {
        release = resolve;
      });
      await previousRelease;
      const query = (text: string, values: readonly unknown[]) => pglite.query(text, [...values]);
      return { query, release } as unknown as PostgresPoolClient;
    },
    async end() {
      await lastRelease;
      await pglite.close();
      onClose();
    },
  };
}

// Created under another name and then renamed, so an interrupted start leaves nothing that looks like a
// database.
async function createDatabase(files: string, archive: Blob): Promise<void> {
  const unfinished = `${files}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const pglite = await PGlite.create(unfinished, { loadDataDir: archive });
  await pglite.close();
  renameSync(unfinished, files);
}

// Two processes would destroy the files. The lock is a listening socket, because the system closes it when
// the process dies in any way. A file with a process id would stay.
async function lockFolder(folder: string): Promise<Server> {
  const name = `thinga-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24)}`;
  const server = await listen(socketPath(name));
  if (server) return server;
  if (!hasSocketFiles || (await acceptsConnections(socketPath(name))))
    throw new Error(
      `the embedded database in ${folder} is in use by another process (stop it, or set DATABASE_URL)`,
    );
  return replaceStaleSocket(socketPath(name), folder);
}

// Linux has sockets and Windows has pipes that are no files, so a dead process leaves nothing behind.
const hasSocketFiles = !['linux', 'win32'].includes(process.platform);

function socketPath(name: string): string {
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

// One process at a time removes the socket file of a dead process: two would remove each other's new sockets.
async function replaceStaleSocket(path: string, folder: string): Promise<Server> {
  const guard = `${path}.guard`;
  try {
    mkdirSync(guard);
  } catch {
    throw new Error(
      `the embedded database in ${folder} is being opened by another process (or remove ${guard})`,
    );
  }
  try {
    if (!(await acceptsConnections(path))) rmSync(path, { force: true });
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

function acceptsConnections(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
