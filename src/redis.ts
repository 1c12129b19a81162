import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Begins every key in Redis, unless told otherwise. */
export const PREFIX = 'thinga:';

/**
 * Connects to Redis with a client that is quick to fail. A connection that brings nothing for 0.3 s while somebody
 * waits is thrown away, and commands are refused at once until there is another. So the waits of one page don't add
 * up (the library's defaults let a request hang for over a minute).
 * @throws Error when the server does not answer at first, or is too old; later it comes and goes without a restart
 */
export async function openRedis(url: string, log: Logger): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    socketTimeout: 300,
    // For what waits before anything is written.
    commandTimeout: 500,
    connectTimeout: 1_000,
    keepAlive: 5_000,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // What is asked in the same turn of the event loop goes in one write.
    enableAutoPipelining: true,
    retryStrategy: (tries) => Math.min(tries * 100, 1_000),
  });
  let reason: Error | undefined;
  const first = (error: Error): void => {
    reason = error;
  };
  redis.on('error', first);
  try {
    await redis.connect();
    await refuseOld(redis);
  } catch (error) {
    redis.disconnect();
    throw reason ?? error;
  }
  redis.on('error', (error: Error) => log.warn({ reason: error.message }, 'redis is away'));
  redis.off('error', first);
  return redis;
}

// Valkey also says with which Redis it is compatible, under the name that Redis uses.
async function refuseOld(redis: Redis): Promise<void> {
  // Some hosts don't let their customers ask.
  const info = await redis.info('server').catch(() => '');
  const valkey = /^valkey_version:([\d.]+)/m.exec(info)?.[1];
  const version = valkey ?? /^redis_version:([\d.]+)/m.exec(info)?.[1];
  if (!version || version.localeCompare(valkey ? '7.2' : '7.0', 'en', { numeric: true }) >= 0) return;
  const name = valkey ? 'Valkey' : 'Redis';
  throw new Error(`REDIS_URL leads to ${name} ${version}: Redis 7 or Valkey 7.2 is needed, or newer`);
}
