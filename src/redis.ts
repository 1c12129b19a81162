import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Begins every key in Redis, except in tests. */
export const PREFIX = 'thinga:';

/**
 * Connects to Redis with a client that fails fast. A connection is dropped when it brings nothing for 0.3 s
 * while a command waits. Until there is another connection, commands fail at once. So the waits of one page
 * don't add up. With the library's defaults a request can hang for over a minute.
 * @throws Error when the server does not answer at the start, or is too old; later the client reconnects by
 * itself
 */
export async function openRedis(url: string, log: Logger): Promise<Redis> {
  const redis = new Redis(url, {
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
    retryStrategy: (attempts) => Math.min(attempts * 100, 1_000),
  });
  let connectError: Error | undefined;
  const noteError = (error: Error): void => {
    connectError = error;
  };
  redis.on('error', noteError);
  try {
    await redis.connect();
    await refuseOldVersion(redis);
  } catch (error) {
    redis.disconnect();
    throw connectError ?? error;
  }
  redis.on('error', (error: Error) => log.warn({ reason: error.message }, 'Redis is unavailable'));
  redis.off('error', noteError);
  return redis;
}

// Valkey also reports the Redis version that it is compatible with, as redis_version.
async function refuseOldVersion(redis: Redis): Promise<void> {
  // Some hosting providers forbid this command.
  const info = await redis.info('server').catch(() => '');
  const valkey = /^valkey_version:([\d.]+)/m.exec(info)?.[1];
  const version = valkey ?? /^redis_version:([\d.]+)/m.exec(info)?.[1];
  if (!version || version.localeCompare(valkey ? '7.2' : '7.0', 'en', { numeric: true }) >= 0) return;
  const name = valkey ? 'Valkey' : 'Redis';
  throw new Error(`REDIS_URL leads to ${name} ${version}: Redis 7 or Valkey 7.2 is needed, or newer`);
}
