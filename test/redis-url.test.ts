import { expect, it } from 'vitest';
import { parseRedisUrl } from '../src/redis-url.js';

it('reads the address of a server', () => {
  expect(parseRedisUrl('rediss://me:p%40ss@cache.example:6380/2')).toMatchObject({
    ...{ kind: 'server', tls: true, hosts: [{ host: 'cache.example', port: 6380 }] },
    ...{ username: 'me', password: 'p@ss', db: 2 },
  });
  expect(parseRedisUrl('redis://cache')).toMatchObject({
    tls: false,
    hosts: [{ host: 'cache', port: 6379 }],
  });
});

it('reads the addresses of Sentinels, and the name of the master', () => {
  expect(parseRedisUrl('redis+sentinel://:secret@one:5000,two,[::1]:5001/main/3?sentinelPassword=s')).toEqual(
    {
      kind: 'sentinel',
      tls: false,
      hosts: [
        { host: 'one', port: 5000 },
        { host: 'two', port: 26_379 },
        { host: '::1', port: 5001 },
      ],
      ...{ username: '', password: 'secret', name: 'main', db: 3 },
      ...{ sentinelUsername: '', sentinelPassword: 's' },
    },
  );
});

it('reads the addresses of the nodes of a cluster', () => {
  expect(parseRedisUrl('rediss+cluster://one:7000,two:7001')).toMatchObject({
    ...{ kind: 'cluster', tls: true },
    hosts: [
      { host: 'one', port: 7000 },
      { host: 'two', port: 7001 },
    ],
  });
});
