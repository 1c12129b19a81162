import { afterEach, expect, inject } from 'vitest';
import { createLog } from '../src/log.js';
import { openRedis } from '../src/redis.js';
import { itOnRedis } from './site.js';
import { type StoreProxy, startStoreProxy } from './store-proxy.js';

let proxy: StoreProxy | undefined;
afterEach(() => proxy?.close());

/** Opens Redis through a proxy that reports another version. */
async function openWithVersion(version: string): Promise<void> {
  // Padded to the same length, because the answer states its length first.
  const change = (answer: Buffer): Buffer =>
    Buffer.from(
      answer
        .toString('latin1')
        .replace(/redis_version:[^\r]+/, (line) => version.padEnd(line.length).slice(0, line.length)),
      'latin1',
    );
  proxy = await startStoreProxy(inject('redis') ?? '', change);
  const redis = await openRedis(proxy.url, createLog('silent'));
  redis.disconnect();
}

itOnRedis('refuses a Redis that is too old, and names the setting', async () => {
  await expect(openWithVersion('redis_version:6.2.9')).rejects.toThrow(
    'REDIS_URL leads to Redis 6.2.9: Redis 7 or Valkey 7.2 is needed, or newer',
  );
  await expect(openWithVersion('valkey_version:7.1')).rejects.toThrow('REDIS_URL leads to Valkey 7.1');
});

itOnRedis('accepts the supported versions', async () => {
  for (const version of [
    'redis_version:7.0',
    'redis_version:8.2.1',
    'valkey_version:7.2',
    'valkey_version:10.0',
  ])
    await openWithVersion(version);
});
