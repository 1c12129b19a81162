import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ConfigError, readConfig } from '../src/config.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'thinga-config-'));

const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://thinga@db/thinga',
  REDIS_URL: 'redis://cache',
  PUBLIC_ORIGIN: 'https://thinga.example',
  SESSION_SECRET: 'q8Zr2mVx7LdK4wTn9YbHc3GsJf6PaUe1RoIi5',
};

it('needs no settings for a first start, and stores its secret for the next one', () => {
  const DATA_DIR = folder();
  const first = readConfig({ DATA_DIR });
  expect(first).toMatchObject({
    host: '127.0.0.1',
    port: 3000,
    publicOrigin: 'http://localhost:3000',
    trustProxy: 0,
  });
  expect(first.secrets[0].length).toBeGreaterThanOrEqual(32);
  expect(readConfig({ DATA_DIR }).secrets).toEqual(first.secrets);
  expect(readConfig({ DATA_DIR: folder() }).secrets).not.toEqual(first.secrets);
  expect(statSync(join(DATA_DIR, 'development.json')).mode & 0o777).toBe(0o600);
});

it('starts in production with the required settings, and without the demo log-in', () => {
  const config = readConfig({
    ...production,
    SESSION_SECRET: `${production.SESSION_SECRET},${production.SESSION_SECRET}2`,
  });
  expect(config.secrets).toHaveLength(2);
  expect(config.demoPassword).toBeUndefined();
});

it.each([
  ['SESSION_SECRET', undefined],
  ['SESSION_SECRET', 'too-short-for-a-secret'],
  ['SESSION_SECRET', 'ab'.repeat(20)],
  ['SESSION_SECRET', 'change-me-please-0123456789-abcdefghij'],
  ['SESSION_SECRET', `${production.SESSION_SECRET},short`],
  ['PUBLIC_ORIGIN', undefined],
  ['PUBLIC_ORIGIN', 'http://thinga.example'],
  ['PUBLIC_ORIGIN', 'https://thinga.example/path'],
  ['PUBLIC_ORIGIN', 'thinga.example'],
  ['TRUST_PROXY', 'true'],
  ['DATABASE_URL', undefined],
  ['DATABASE_URL', 'mysql://db'],
  ['REDIS_URL', undefined],
  ['REDIS_URL', 'http://cache'],
  ['REDIS_URL', 'redis://one,two'],
  ['REDIS_URL', 'redis+sentinel://one,two'],
  ['REDIS_URL', 'redis+cluster://one,two/1'],
  ['REDIS_URL', 'redis+ring://one'],
  ['DATABASE_POOLER', 'transaction'],
  ['DATABASE_POOLER', 'statement'],
  ['DATABASE_DIRECT_URL', 'mysql://db'],
  ['PORT', '80a'],
  ['PORT', '70000'],
  ['SESSION_EXPIRE_DAYS', '0'],
  ['SESSION_IDLE_MINUTES', '4'],
  ['PASSWORD_MIN_LENGTH', '7'],
  ['METRICS_TOKEN', 'thirty-one characters are too few'.slice(0, 31)],
  ['MAX_OPEN_REQUESTS', '0'],
  ['READY_MIN_DISK_MB', '-1'],
  ['READY_MAX_LAG_SECONDS', '86401'],
  ['SMTP_URL', 'https://mail.example'],
  ['MAIL_FROM', 'nobody'],
  ['DRAIN_SECONDS', '301'],
  ['LOG_LEVEL', 'loud'],
  ['RANKER', 'thread'],
  ['CONTACT', 'ask at the desk'],
  ['CONTACT', 'javascript:alert(1)'],
  ['SESSION_FINGERPRINT', 'maybe'],
  ['TRUST_PROXY', '99'],
  ['TRUST_PROXY', 'yes'],
  ['TRUST_PROXY', '1'.repeat(400)],
  ['TRUST_PROXY', '1,'],
  ['TRUST_PROXY', '10.0.0.0/33'],
  ['TRUST_PROXY', '0.0.0.0/0'],
  ['TRUST_PROXY', '10.0.0.1, 010.0.0.2'],
  ['RATE_LIMITS', 'yes'],
  ['RATE_LIMITS', '0'],
  ['RATE_LIMITS', '-2'],
  ['RATE_LIMITS', '20x'],
  ['RATE_LIMITS', '0x14'],
  ['RATE_LIMITS', '9999999'],
  ['TRUSTED_NETWORKS', 'school'],
  ['TRUSTED_NETWORKS', 'loopback'],
  ['TRUSTED_NETWORKS', '198.51.100.0/24, 198.51.100/24'],
  ['TRUSTED_NETWORKS', '0.0.0.0/0'],
  ['TRUSTED_NETWORKS', '2001:db8::/129'],
  ['ALLOWED_ORIGINS', 'https://a.example, b'],
  ['MAX_PICTURE_MB', '0'],
  ['MAX_PICTURE_MB', '101'],
  ['MAX_TOPIC_MB', 'all'],
  ['TOPIC_CREATION', 'everyone'],
  ['MAX_TOPICS_PER_PERSON', '0'],
  ['MAX_THINGS_PER_TOPIC', '1'],
  ['RETENTION_SHORTEN_DAYS', '0'],
  ['RETENTION_DELETE_DAYS', '29'],
])('refuses to start with %s = %s, and names the setting', (name, value) => {
  const read = () => readConfig({ ...production, [name]: value });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(name);
  expect(read).not.toThrow('Invalid input');
});

it('sends mail only where it knows from which address', () => {
  const mail = { ...production, SMTP_URL: 'smtps://user:secret@mail.example' };
  expect(() => readConfig(mail)).toThrow('MAIL_FROM');
  expect(readConfig({ ...mail, MAIL_FROM: 'site@thinga.example' }).mailFrom).toBe('site@thinga.example');
});

it('reads the rate limits as a factor, and off as no limits', () => {
  const limits = (RATE_LIMITS?: string) => readConfig({ ...production, RATE_LIMITS }).rateLimits;
  expect([limits(), limits(''), limits('on')]).toEqual([1, 1, 1]);
  expect([limits('20'), limits('0.5'), limits('off')]).toEqual([20, 0.5, false]);
});

it('trusts only the networks in TRUSTED_NETWORKS', () => {
  const trusted = (TRUSTED_NETWORKS?: string) =>
    readConfig({ ...production, TRUSTED_NETWORKS }).trustedNetworks;
  expect(trusted()).toEqual([]);
  expect(trusted('198.51.100.7, 203.0.113.0/24,2001:db8::/48')).toEqual([
    '198.51.100.7',
    '203.0.113.0/24',
    '2001:db8::/48',
  ]);
});

it('trusts proxies by number, address, subnet or name', () => {
  const trusted = (TRUST_PROXY: string) => readConfig({ ...production, TRUST_PROXY }).trustProxy;
  expect([trusted(''), trusted(' , '), trusted('2')]).toEqual([0, 0, 2]);
  expect(trusted('loopback, 10.1.0.0/16, 2001:db8::/48,::ffff:10.0.0.9')).toEqual([
    'loopback',
    '10.1.0.0/16',
    '2001:db8::/48',
    '::ffff:10.0.0.9',
  ]);
});

it('ranks in a child process on Postgres, and in its own process on the embedded database', () => {
  const ranker = (env: Record<string, string>) => readConfig(env).ranker;
  const embedded = { DATA_DIR: folder() };
  expect([ranker(production), ranker({ ...production, RANKER: '' })]).toEqual(['child', 'child']);
  for (const RANKER of ['child', 'inline', 'none']) expect(ranker({ ...production, RANKER })).toBe(RANKER);
  expect([ranker(embedded), ranker({ ...embedded, RANKER: 'inline' })]).toEqual(['inline', 'inline']);
  for (const RANKER of ['child', 'none'])
    expect(() => ranker({ ...embedded, RANKER })).toThrow(`RANKER is ${RANKER}, which needs DATABASE_URL`);
});

it('drains for some seconds in production, and not at all elsewhere', () => {
  expect(readConfig(production).drainSeconds).toBe(5);
  expect(readConfig({ DATA_DIR: folder() }).drainSeconds).toBe(0);
  expect(readConfig({ ...production, DRAIN_SECONDS: '0' }).drainSeconds).toBe(0);
});

it('finds the ranker and migrations a database without a transaction pooler', () => {
  const direct = 'postgres://thinga@db:5432/thinga';
  const pooled = { ...production, DATABASE_POOLER: 'transaction', DATABASE_DIRECT_URL: direct };
  expect(readConfig(pooled)).toMatchObject({ databasePooler: 'transaction', databaseDirectUrl: direct });
  expect(readConfig({ ...production, DATABASE_POOLER: 'session' }).databaseDirectUrl).toBeUndefined();
  expect(() => readConfig({ DATA_DIR: folder(), DATABASE_DIRECT_URL: direct })).toThrow('needs DATABASE_URL');
});

it('allows several processes only with shared stores', () => {
  expect(() => readConfig({ DATA_DIR: folder(), WEB_CONCURRENCY: '2' })).toThrow('WEB_CONCURRENCY');
  expect(readConfig({ ...production, WEB_CONCURRENCY: '2' }).workers).toBe(2);
});
