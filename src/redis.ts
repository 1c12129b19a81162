import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Begins every key in Redis, unless told otherwise. */
export const PREFIX = 'thinga:';

/**
 * Connects to Redis with a client that is quick to fail: a command is answered or refused within half a
 * second, never queued for a server that is away (the library's defaults let a request hang for over a minute).
 * @throws Error when the server does not answer at first; later it comes and goes without a restart
 */
export async function openRedis(url: string, log: Logger): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    commandTimeout: 500,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 1,
    // What is asked in the same turn of the event loop goes in one write.
    enableAutoPipelining: true,
    retryStrategy: (tries) => Math.min(tries * 100, 2_000),
  });
  let reason: Error | undefined;
  const first = (error: Error): void => {
    reason = error;
  };
  redis.on('error', first);
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw reason ?? error;
  }
  redis.on('error', (error: Error) => log.warn({ reason: error.message }, 'redis is away'));
  redis.off('error', first);
  return redis;
}
