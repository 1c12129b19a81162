import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readConfig, root } from '../../src/config.js';
import { type Database, openDatabase } from '../../src/database.js';
import { freePort, killProcesses, type SiteProcess, startProcess } from '../processes.js';
import { type StoreProxy, startStoreProxy } from '../store-proxy.js';
import {
  childrenOf,
  createPostgres,
  createRedis,
  send,
  type TestPostgres,
  type TestRedis,
} from './stores.js';

/** The built site with stores of its own. Everything can be broken. */
export interface System {
  origin: string;
  /** Holds the data of everything; removed at the end. */
  folder: string;
  /** The settings of the site. */
  env: Record<string, string>;
  /** The connection of the tests. */
  db: Database;
  postgres: TestPostgres;
  redis: TestRedis;
  /** The site's connections to the stores go through these. */
  postgresProxy: StoreProxy;
  redisProxy: StoreProxy;
  app: App;
  /** Whether Postgres has a disk of its own. */
  hasOwnDisk: boolean;
  /** Runs a command of the site, past the proxies. @throws Error when it fails */
  run(...args: string[]): Promise<void>;
  /** Kills all processes, and removes their data. */
  end(): void;
}

/** The site's process. It is started again whenever it ends, as by a process supervisor. */
export interface App {
  /** How often it has been started. */
  starts(): number;
  pid(): number;
  /** Returns the id of the ranker's process. */
  ranker(): Promise<number>;
  kill(): Promise<void>;
  untilUp(): Promise<void>;
  /** Sets by how many seconds its clock is ahead: from the next start on, and at once after that. */
  setClock(secondsAhead: number): void;
  /** Returns the errors in its log. */
  errors(): string[];
}

/** Debian's package `libfaketime` puts it here. */
export const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

const DISK_SIZE = '400m';

/** Starts Postgres, Redis and the site with its topics, each on a free port and with data of its own. */
export async function startSystem(): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), 'thinga-faults-'));
  // Postgres runs as another user, who needs access to its folder.
  chmodSync(folder, 0o711);
  const disk = join(folder, 'postgres');
  mkdirSync(disk);
  // Only root may do this.
  const hasOwnDisk =
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE}`, 'tmpfs', disk]).status === 0;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    killProcesses();
    if (hasOwnDisk) spawnSync('umount', ['-l', disk]);
    // The other Postgres processes end a moment after the postmaster, so their files may need a second try.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  // When the run is interrupted, nobody else ends it.
  for (const event of ['exit', 'SIGINT', 'SIGTERM']) process.once(event, end);

  const postgres = await createPostgres(disk);
  const redis = await createRedis(join(folder, 'redis'));
  await Promise.all([postgres.start(), redis.start()]);
  const [postgresProxy, redisProxy] = [await startStoreProxy(postgres.url), await startStoreProxy(redis.url)];
  const origin = `http://127.0.0.1:${await freePort()}`;
  const direct = {
    NODE_ENV: 'production',
    PORT: new URL(origin).port,
    PUBLIC_ORIGIN: origin,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    SESSION_SECRET: randomBytes(36).toString('base64'),
    RANKER: 'child',
    RATE_LIMITS: 'off',
    TRUST_PROXY: '1',
    LOG_LEVEL: 'warn',
  };
  const run = async (...args: string[]): Promise<void> => {
    await promisify(execFile)(process.execPath, ['dist/src/cli.js', ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, ...direct },
    });
  };
  await run('seed');
  const db = await openDatabase(readConfig(direct), () => undefined);
  const env = { ...direct, DATABASE_URL: postgresProxy.url, REDIS_URL: redisProxy.url };
  const app = superviseApp(env, join(folder, 'clock'), () => isOver);
  await app.untilUp();
  return {
    ...{ origin, folder, env, db, postgres, redis, postgresProxy, redisProxy, app, hasOwnDisk, run, end },
  };
}

function superviseApp(env: Record<string, string>, clock: string, isOver: () => boolean): App {
  let site: SiteProcess;
  let starts = 0;
  let clockEnv: Record<string, string> = {};
  const supervise = async (): Promise<void> => {
    while (!isOver()) {
      site = startProcess({ ...env, ...clockEnv });
      starts++;
      await once(site.child, 'exit');
      await sleep(200);
    }
  };
  void supervise();
  return {
    starts: () => starts,
    pid: () => site.child.pid ?? 0,
    async ranker() {
      for (;;) {
        const [ranker] = childrenOf(site.child);
        if (ranker) return ranker;
        await sleep(20);
      }
    },
    async kill() {
      const ended = once(site.child, 'exit');
      send('SIGKILL', [this.pid()]);
      await ended;
    },
    async untilUp() {
      while (site.child.exitCode !== null || site.child.signalCode || !site.said().includes('Thinga is at'))
        await sleep(20);
    },
    setClock(secondsAhead) {
      writeFileSync(clock, `${secondsAhead < 0 ? '' : '+'}${secondsAhead}`);
      clockEnv = secondsAhead === 0 ? {} : clockSettings(clock);
    },
    errors: () =>
      site
        .said()
        .split('\n')
        .filter((line) => line.includes('"level":50')),
  };
}

const clockSettings = (file: string): Record<string, string> => ({
  LD_PRELOAD: FAKETIME,
  FAKETIME_TIMESTAMP_FILE: file,
  FAKETIME_CACHE_DURATION: '1',
  // A clock that is set wrong does not make timers wrong.
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
});
