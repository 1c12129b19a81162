import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort, track } from '../processes.js';
import { answersPostgres, answersRedis } from '../stores.js';

/** A server for these tests, on a free port and with data of its own. It can be killed and started again. */
export interface TestServer {
  url: string;
  /** Starts it, and waits until it answers. */
  start(): Promise<void>;
  /** Kills all of its processes, as `kill -9` does. */
  kill(): Promise<void>;
}

/** A Redis server for these tests. */
export interface TestRedis extends TestServer {
  /** Writes its data to disk. */
  save(): Promise<void>;
  /** Removes its data from disk. */
  empty(): void;
}

/**
 * Creates an empty Postgres server with the installed programs. It is not started yet.
 * @param folder for its data; it is created
 */
export async function createPostgres(folder: string): Promise<TestServer> {
  const [port, user] = [String(await freePort()), postgresUser()];
  mkdirSync(folder);
  if (user) chownSync(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder, env: { PATH: pathWithPostgres() } };
  execFileSync(
    'initdb',
    ['-D', 'data', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale'],
    options,
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const args = ['-D', 'data', '-p', port, '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  let postmaster: ChildProcess | undefined;
  return {
    url,
    async start() {
      postmaster = await startUntil(() => answersPostgres(url), ['postgres', ...args], options);
    },
    async kill() {
      if (!postmaster) return;
      const backends = childrenOf(postmaster);
      const ended = once(postmaster, 'exit');
      postmaster.kill('SIGKILL');
      backends.forEach(kill);
      await ended;
    },
  };
}

/**
 * Creates a Redis server with the settings of docker-compose.yml. It is not started yet.
 * @param folder for its data; it is created
 */
export async function createRedis(folder: string): Promise<TestRedis> {
  const port = String(await freePort());
  mkdirSync(folder);
  const url = `redis://127.0.0.1:${port}`;
  const args = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--save',
    '60',
    '1',
    '--maxmemory-policy',
    'noeviction',
  ];
  let server: ChildProcess | undefined;
  return {
    url,
    async start() {
      server = await startUntil(() => answersRedis(url), ['redis-server', ...args], { cwd: folder });
    },
    async kill() {
      if (!server) return;
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    },
    async save() {
      const client = new Redis(url);
      await client.save();
      client.disconnect();
    },
    empty: () => rmSync(join(folder, 'dump.rdb'), { force: true }),
  };
}

/** Returns the running child processes of a process. */
export function childrenOf({ pid }: ChildProcess): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** Kills a process if it still runs. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const MAX_TRIES = 100;

/**
 * Starts a server, and waits until it answers. A server that ends is started again.
 * @throws Error with the server's output when it does not start
 */
async function startUntil(
  answers: () => Promise<boolean>,
  [program = '', ...args]: string[],
  options: SpawnOptions & { cwd: string },
): Promise<ChildProcess> {
  const log = join(options.cwd, 'log');
  const file = openSync(log, 'a');
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const child = spawn(program, args, { ...options, stdio: ['ignore', file, file] });
    track(child);
    await once(child, 'spawn');
    while (child.exitCode === null) {
      if (await answers()) return child;
      await sleep(20);
    }
    // Processes of the killed server may still be ending.
    await sleep(50);
  }
  throw new Error(`${program} does not start: ${readFileSync(log, 'utf8')}`);
}

// Postgres refuses to run as root.
function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string): number => Number(execFileSync('id', [option, 'postgres']));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

// Debian installs these programs outside the PATH.
function pathWithPostgres(): string {
  const versions = '/usr/lib/postgresql';
  const newest = existsSync(versions) ? Math.max(...readdirSync(versions).map(Number)) : 0;
  return newest ? `${process.env.PATH}:${versions}/${newest}/bin` : String(process.env.PATH);
}
