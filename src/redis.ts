import { Cluster, type RedisOptions, Redis as Server } from 'ioredis';
import type { Logger } from 'pino';
import { parseRedisUrl, type RedisAddress } from './redis-url.js';

/** Begins every key in Redis, except in tests. */
export const PREFIX = 'thinga:';

/**
 * A client of one Redis server, which Sentinel may choose, or of a Redis Cluster. Each command names one key,
 * because the keys of a cluster are on different servers.
 */
export type Redis = Server | Cluster;

/**
 * Connects to Redis with a client that fails fast. A connection is dropped when it brings nothing for 0.3 s
 * while a command waits. Until there is another connection, commands fail at once. So the waits of one page
 * don't add up. With the library's defaults a request can hang for over a minute.
 * @param url as `parseRedisUrl` reads it
 * @throws Error when the server does not answer at the start, or is too old; later the client reconnects by
 * itself
 */
export async function openRedis(url: string, log: Logger): Promise<Redis> {
  const address = parseRedisUrl(url);
  if (!address) throw new Error('REDIS_URL is not an address of Redis');
  const redis = clientOf(url, address);
  let connectError: Error | undefined;
  const noteError = (error: Error & { lastNodeError?: Error }): void => {
    connectError = error.lastNodeError ?? error;
  };
  redis.on('error', noteError);
  try {
    await redis.connect();
    // Otherwise the first command would connect to a node, and those that come meanwhile would fail.
    if (redis instanceof Cluster) await Promise.all(redis.nodes('master').map((node) => node.ping()));
    await refuseOldVersion(redis);
  } catch (error) {
    redis.disconnect();
    throw explained(address, connectError ?? (error as Error));
  }
  redis.on('error', (error: Error) => log.warn({ reason: error.message }, 'Redis is unavailable'));
  redis.off('error', noteError);
  return redis;
}

/** Finds all keys that begin with a prefix, on every server. */
export async function findKeys(redis: Redis, prefix: string): Promise<string[]> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
  const found: string[] = [];
  for (const server of servers)
    for await (const keys of server.scanStream({ match: `${prefix}*`, count: 500 })) found.push(...keys);
  return found;
}

/** Deletes all keys that begin with a prefix, on every server. */
export async function deleteKeys(redis: Redis, prefix: string): Promise<void> {
  await Promise.all((await findKeys(redis, prefix)).map((key) => redis.unlink(key)));
}

const OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  socketTimeout: 300,
  // Also covers commands that wait to be written.
  commandTimeout: 500,
  connectTimeout: 1_000,
  keepAlive: 5_000,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // The commands of one turn of the event loop go in one write.
  enableAutoPipelining: true,
  retryStrategy: retryDelay,
} as const satisfies RedisOptions;

function retryDelay(attempts: number): number {
  return Math.min(attempts * 100, 1_000);
}

type Login = Pick<RedisOptions, 'username' | 'password' | 'tls'>;

function clientOf(url: string, address: RedisAddress): Redis {
  if (address.kind === 'server') return new Server(url, OPTIONS);
  const { username, password } = address;
  const login: Login = {
    ...(username && { username }),
    ...(password && { password }),
    ...(address.tls && { tls: {} }),
  };
  return address.kind === 'sentinel' ? sentinelClient(address, login) : clusterClient(address, login);
}

function sentinelClient(address: RedisAddress, login: Login): Redis {
  const { hosts, name, db, tls, sentinelUsername, sentinelPassword } = address;
  let isOpen = false;
  const redis = new Server({
    ...OPTIONS,
    ...login,
    ...{ sentinels: hosts, name, db },
    ...(sentinelUsername && { sentinelUsername }),
    ...(sentinelPassword && { sentinelPassword }),
    ...(tls && { sentinelTLS: {}, enableTLSForSentinelMode: true }),
    sentinelCommandTimeout: 500,
    // The start fails when no Sentinel answers. Later the client goes on asking: without a delay it would end.
    sentinelRetryStrategy: (attempts: number) => (isOpen ? retryDelay(attempts) : null),
  });
  redis.once('ready', () => {
    isOpen = true;
  });
  return redis;
}

function clusterClient({ hosts }: RedisAddress, login: Login): Redis {
  const { lazyConnect, enableOfflineQueue, enableAutoPipelining, retryStrategy, ...options } = OPTIONS;
  let isOpen = false;
  const redis = new Cluster(hosts, {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    redisOptions: { ...options, ...login },
    clusterRetryStrategy: (attempts) => (isOpen ? retryDelay(attempts) : null),
    // A command of which the server is gone fails at once, as with a single server. The client asks for the
    // new master of its keys every second.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    maxRedirections: 3,
    slotsRefreshInterval: 1_000,
    // A certificate names hosts, so their names are kept.
    dnsLookup: (host, callback) => callback(null, host),
  });
  redis.once('ready', () => {
    isOpen = true;
  });
  return redis;
}

// The library does not say which of several servers it has tried.
function explained({ kind, hosts, name }: RedisAddress, error: Error): Error {
  if (kind === 'server' || error instanceof VersionError) return error;
  const servers = hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
  const failure =
    kind === 'sentinel' ? `no Sentinel finds the master ${name}` : 'no node of the cluster answers';
  return new Error(`Redis at ${servers} can't be reached: ${failure} (${error.message})`, { cause: error });
}

class VersionError extends Error {}

// Valkey also reports the Redis version that it is compatible with, as redis_version.
async function refuseOldVersion(redis: Redis): Promise<void> {
  // Some hosting providers forbid this command.
  const info = await redis.info('server').catch(() => '');
  const valkey = /^valkey_version:([\d.]+)/m.exec(info)?.[1];
  const version = valkey ?? /^redis_version:([\d.]+)/m.exec(info)?.[1];
  if (!version || version.localeCompare(valkey ? '7.2' : '7.0', 'en', { numeric: true }) >= 0) return;
  const name = valkey ? 'Valkey' : 'Redis';
  throw new VersionError(`REDIS_URL leads to ${name} ${version}: Redis 7 or Valkey 7.2 is needed, or newer`);
}
