import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort, track } from '../processes.js';
import { answersPostgres, answersRedis, onServer } from '../stores.js';

/** A server for these tests, on a free port and with data of its own. It can be killed and started again. */
export interface TestServer {
  url: string;
  /** Starts it if it does not run, and waits until it answers. */
  start(): Promise<void>;
  /** Kills all of its processes, as `kill -9` does. */
  kill(): Promise<void>;
  /** Returns the ids of all of its processes. */
  processes(): number[];
}

/** A Postgres server for these tests. */
export interface TestPostgres extends TestServer {
  /** Fills its disk, and keeps it full. It only works on a disk that is its own. */
  fillDisk(): void;
  /** Makes room on its disk again. */
  clearDisk(): Promise<void>;
  /** Runs one statement. */
  run(statement: string): Promise<void>;
}

/** A Redis server for these tests. */
export interface TestRedis extends TestServer {
  /** Writes its data to disk. */
  save(): Promise<void>;
  /** Removes its data from disk. */
  empty(): void;
  /** Sets how much memory it may use, such as `1mb`; `0` is no limit. */
  limitMemory(size: string): Promise<void>;
}

/** The most connections that Postgres takes. */
export const MAX_CONNECTIONS = 60;

/**
 * Creates an empty Postgres server with the installed programs. It is not started yet.
 * @param folder an empty one for its data
 */
export async function createPostgres(folder: string): Promise<TestPostgres> {
  const [port, user] = [String(await freePort()), postgresUser()];
  if (user) chownSync(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder, env: { PATH: pathWithPostgres() } };
  execFileSync(
    'initdb',
    ['-D', 'data', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale'],
    options,
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const settings = [
    'listen_addresses=127.0.0.1',
    `max_connections=${MAX_CONNECTIONS}`,
    // Little enough for the small disk that a test fills.
    'max_wal_size=128MB',
  ];
  const args = ['-D', 'data', '-p', port, '-k', folder, ...settings.flatMap((setting) => ['-c', setting])];
  const server = new Server(['postgres', ...args], () => answersPostgres(url), options);
  let filler: ChildProcess | undefined;
  return {
    url,
    start: () => server.start(),
    kill: () => server.kill(),
    processes: () => server.processes(),
    run: (statement) => onServer(url, statement),
    fillDisk() {
      // Postgres frees space now and then, so this goes on.
      const command = 'while true; do cat /dev/zero >> filler; sleep 0.05; done';
      filler = spawn('sh', ['-c', command], { cwd: folder, stdio: 'ignore', detached: true });
    },
    async clearDisk() {
      if (!filler?.pid) return;
      const ended = once(filler, 'exit');
      // The whole group, so that nothing is written any more.
      send('SIGKILL', [-filler.pid]);
      await ended;
      rmSync(join(folder, 'filler'), { force: true });
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
  const settings = ['--save', '60', '1', '--maxmemory-policy', 'noeviction'];
  const program = ['redis-server', '--port', port, '--bind', '127.0.0.1', ...settings];
  const server = new Server(program, () => answersRedis(url), { cwd: folder });
  const run = async (work: (client: Redis) => Promise<unknown>): Promise<void> => {
    const client = new Redis(url);
    await work(client);
    client.disconnect();
  };
  return {
    url,
    start: () => server.start(),
    kill: () => server.kill(),
    processes: () => server.processes(),
    save: () =>
      run(async (client) => {
        // It refuses while it saves by itself.
        while (
          !(await client.save().then(
            () => true,
            () => false,
          ))
        )
          await sleep(50);
      }),
    empty: () => rmSync(join(folder, 'dump.rdb'), { force: true }),
    limitMemory: (size) => run((client) => client.config('SET', 'maxmemory', size)),
  };
}

type Options = SpawnOptions & { cwd: string };

const MAX_TRIES = 100;

class Server {
  readonly #program: string[];
  readonly #answers: () => Promise<boolean>;
  readonly #options: Options;
  #process: ChildProcess | undefined;

  constructor(program: string[], answers: () => Promise<boolean>, options: Options) {
    this.#program = program;
    this.#answers = answers;
    this.#options = options;
  }

  /** Starts it, and waits until it answers. @throws Error with its output when it does not start */
  async start(): Promise<void> {
    const log = join(this.#options.cwd, 'log');
    const [program = '', ...args] = this.#program;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (!this.#process || hasEnded(this.#process)) {
        const file = openSync(log, 'a');
        this.#process = spawn(program, args, { ...this.#options, stdio: ['ignore', file, file] });
        track(this.#process);
        await once(this.#process, 'spawn');
      }
      while (!hasEnded(this.#process)) {
        if (await this.#answers()) return;
        await sleep(20);
      }
      // Processes of the killed server may still be ending.
      await sleep(50);
    }
    throw new Error(`${program} does not start: ${readFileSync(log, 'utf8').slice(-2_000)}`);
  }

  async kill(): Promise<void> {
    if (this.#process) await killAll(this.#process);
  }

  processes(): number[] {
    return this.#process?.pid ? [this.#process.pid, ...childrenOf(this.#process)] : [];
  }
}

/** Returns the running child processes of a process. */
export function childrenOf({ pid }: ChildProcess): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** Sends a signal to processes, as far as they still run. */
export function send(signal: NodeJS.Signals, pids: number[]): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

async function killAll(parent: ChildProcess): Promise<void> {
  if (hasEnded(parent)) return;
  const children = childrenOf(parent);
  const ended = once(parent, 'exit');
  parent.kill('SIGKILL');
  send('SIGKILL', children);
  await ended;
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
