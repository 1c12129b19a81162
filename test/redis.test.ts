import { afterEach, expect, inject } from 'vitest';
import { createLog } from '../src/log.js';
import { openRedis } from '../src/redis.js';
import { proxyTo, type StoreProxy } from './proxy.js';
import { itOnRedis } from './site.js';

let proxy: StoreProxy | undefined;
afterEach(() => proxy?.close());

/** Opens the run's Redis as if it said of itself that it is another one. */
async function openAs(version: string): Promise<void> {
  // As long as what it really says, so that the answer stays whole.
  const change = (answer: Buffer): Buffer =>
    Buffer.from(
      answer
        .toString('latin1')
        .replace(/redis_version:[^\r]+/, (line) => version.padEnd(line.length).slice(0, line.length)),
      'latin1',
    );
  proxy = await proxyTo(inject('redis') ?? '', change);
  const redis = await openRedis(proxy.url, createLog('silent'));
  redis.disconnect();
}

itOnRedis('names a Redis that is too old, and the setting that leads to it', async () => {
  await expect(openAs('redis_version:6.2.9')).rejects.toThrow(
    'REDIS_URL leads to Redis 6.2.9: Redis 7 or Valkey 7.2 is needed, or newer',
  );
  await expect(openAs('valkey_version:7.1')).rejects.toThrow('REDIS_URL leads to Valkey 7.1');
});

itOnRedis('takes the versions that know all that is asked of them', async () => {
  for (const version of [
    'redis_version:7.0',
    'redis_version:8.2.1',
    'valkey_version:7.2',
    'valkey_version:10.0',
  ])
    await openAs(version);
});
