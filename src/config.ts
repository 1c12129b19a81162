import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseSubnet } from './addresses.js';

/** The folder that holds package.json, views and public, whether the code runs from src or from dist. */
export const root = dirname(createRequire(import.meta.url).resolve('#package.json'));

/** What the process was told by its environment, checked and with its defaults filled in. */
export interface Config {
  production: boolean;
  host: string;
  port: number;
  /** Scheme, host and port that people type, such as `https://thinga.example`. */
  publicOrigin: string;
  /** Postgres; without it an embedded database lives under `dataDir`. */
  databaseUrl: string | undefined;
  /** Redis; without it session state lives in the process. */
  redisUrl: string | undefined;
  dataDir: string;
  /** Newest first: the first one signs, every one verifies. */
  secrets: [string, ...string[]];
  /** Password of the log-in that the seed makes; undefined in production, which gets none. */
  demoPassword: string | undefined;
  /** Days after which a session that was kept signed in ends, whatever happens (1 to 400). */
  sessionExpireDays: number;
  /** Minutes without a request after which a session that is not kept signed in ends. */
  sessionIdleMinutes: number;
  /** Whether a session that another kind of browser offers ends, is only recorded, or is taken as it comes. */
  sessionFingerprint: 'off' | 'log' | 'enforce';
  allowedOrigins: string[];
  /** What Express may believe of X-Forwarded-*: a number of hops, or addresses and subnets. */
  trustProxy: number | string[];
  /** Processes to serve with; more than one only on real Postgres and Redis. */
  workers: number;
  /** Where votes are folded into the ranking: in a child process, in the process that serves, or elsewhere. */
  ranker: 'child' | 'inline' | 'none';
  /** Seconds to go on serving after being asked to stop, so that a proxy finds out in time (0 to 300). */
  drainSeconds: number;
  logLevel: string;
  /** How many times the usual allowances people have to register, vote and export; false sets no limit to these. */
  rateLimits: number | false;
  /** Addresses and subnets that many people share: they have twenty times the allowances of others. */
  trustedNetworks: string[];
  /** bcrypt's cost: each step doubles the time of one password check. */
  passwordCost: number;
}

/** A setting that can't be used; the message names the variable and says what would do. */
export class ConfigError extends Error {}

type Environment = Record<string, string | undefined>;

/**
 * Reads every setting the product has. No other file touches the environment.
 * @throws ConfigError naming the variable that is missing or can't be used.
 */
export function readConfig(env: Environment = process.env): Config {
  const production = env.NODE_ENV === 'production';
  const dataDir = resolve(env.DATA_DIR || '.data');
  const port = integer(env, 'PORT', 3000, 0, 65535);
  const config: Config = {
    production,
    host: env.HOST || '127.0.0.1',
    port,
    publicOrigin: readPublicOrigin(env, production, port),
    databaseUrl: url(env, 'DATABASE_URL', ['postgres:', 'postgresql:']),
    redisUrl: url(env, 'REDIS_URL', ['redis:', 'rediss:']),
    dataDir,
    secrets: ['to be replaced'],
    demoPassword: undefined,
    sessionExpireDays: integer(env, 'SESSION_EXPIRE_DAYS', 30, 1, 400),
    sessionIdleMinutes: integer(env, 'SESSION_IDLE_MINUTES', 120, 1, 60 * 24),
    sessionFingerprint: readFingerprintMode(env.SESSION_FINGERPRINT),
    allowedOrigins: list(env.ALLOWED_ORIGINS).map((origin) => readOrigin('ALLOWED_ORIGINS', origin)),
    trustProxy: readTrustProxy(env.TRUST_PROXY),
    workers: integer(env, 'WEB_CONCURRENCY', 1, 1, 64),
    ranker: readRanker(env),
    drainSeconds: integer(env, 'DRAIN_SECONDS', production ? 5 : 0, 0, 300),
    logLevel: readLogLevel(env.LOG_LEVEL, production),
    rateLimits: readRateLimits(env.RATE_LIMITS),
    trustedNetworks: readTrustedNetworks(env.TRUSTED_NETWORKS),
    passwordCost: 12,
  };
  if (production) requireForProduction(env, config);
  if (config.workers > 1 && !(config.databaseUrl && config.redisUrl))
    throw new ConfigError('WEB_CONCURRENCY above 1 needs DATABASE_URL and REDIS_URL: processes share both.');

  const given = list(env.SESSION_SECRET);
  const kept = production ? undefined : developmentSecrets(dataDir);
  const [newest, ...older] = given.length > 0 ? given : [kept?.sessionSecret ?? ''];
  config.secrets = [newest ?? '', ...older];
  config.demoPassword = kept?.demoPassword;
  return config;
}

function readPublicOrigin(env: Environment, production: boolean, port: number): string {
  if (!env.PUBLIC_ORIGIN) {
    if (production)
      throw new ConfigError('PUBLIC_ORIGIN is not set: give the address people type, https://thinga.example');
    return `http://localhost:${port}`;
  }
  const origin = readOrigin('PUBLIC_ORIGIN', env.PUBLIC_ORIGIN);
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname);
  if (production && !local && !origin.startsWith('https:'))
    throw new ConfigError('PUBLIC_ORIGIN must be https in production: session cookies travel over it.');
  return origin;
}

function readOrigin(name: string, text: string): string {
  const parsed = tryUrl(text);
  if (
    !parsed ||
    !/^https?:$/.test(parsed.protocol) ||
    parsed.pathname !== '/' ||
    parsed.search ||
    parsed.hash
  )
    throw new ConfigError(`${name} holds "${text}", which is not an origin such as https://thinga.example`);
  return parsed.origin;
}

function requireForProduction(env: Environment, config: Config): void {
  if (!config.databaseUrl) throw new ConfigError('DATABASE_URL is not set: production needs Postgres.');
  if (!config.redisUrl) throw new ConfigError('REDIS_URL is not set: production needs Redis.');
  const secrets = list(env.SESSION_SECRET);
  if (secrets.length === 0)
    throw new ConfigError('SESSION_SECRET is not set: make one with `openssl rand -base64 48`.');
  for (const secret of secrets) {
    if (secret.length < 32) throw new ConfigError('SESSION_SECRET is shorter than 32 characters.');
    if (new Set(secret).size < 12)
      throw new ConfigError('SESSION_SECRET has too little variety to be random.');
    if (/change.?me|example|secret/i.test(secret))
      throw new ConfigError('SESSION_SECRET is the sample value: make one with `openssl rand -base64 48`.');
  }
}

interface DevelopmentSecrets {
  sessionSecret: string;
  demoPassword: string;
}

// Kept beside the embedded database, so that a restart signs nobody out and the printed log-in goes on working.
function developmentSecrets(dataDir: string): DevelopmentSecrets {
  const file = join(dataDir, 'development.json');
  if (existsSync(file)) return readSecrets(file);
  const made = {
    sessionSecret: randomBytes(36).toString('base64url'),
    demoPassword: randomBytes(9).toString('base64url'),
  };
  mkdirSync(dataDir, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
  return made;
}

function readSecrets(file: string): DevelopmentSecrets {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DevelopmentSecrets;
  } catch {
    throw new ConfigError(
      `${file} can't be read: remove it, and a new secret is made (everybody is logged out).`,
    );
  }
}

function readTrustProxy(text: string | undefined): number | string[] {
  if (!text) return 0;
  if (/^\d+$/.test(text)) {
    if (Number(text) <= 10) return Number(text);
    throw new ConfigError(
      `TRUST_PROXY=${text} would believe almost any visitor: give the real number of hops.`,
    );
  }
  if (text === 'true')
    throw new ConfigError('TRUST_PROXY=true would believe any visitor: give a number of hops or addresses.');
  // The names that Express knows.
  const names = ['loopback', 'linklocal', 'uniquelocal'];
  const subnets = list(text);
  const wrong = subnets.find((subnet) => !names.includes(subnet) && !parseSubnet(subnet));
  if (wrong)
    throw new ConfigError(`TRUST_PROXY holds "${wrong}": give a number of hops, or addresses and subnets.`);
  return subnets.length > 0 ? subnets : 0;
}

function readRateLimits(text: string | undefined): number | false {
  if (!text || text === 'on') return 1;
  if (text === 'off') return false;
  const factor = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (factor > 0) return factor;
  throw new ConfigError(`RATE_LIMITS is "${text}", not on, off or a factor such as 20.`);
}

function readTrustedNetworks(text: string | undefined): string[] {
  const wrong = list(text).find((subnet) => !parseSubnet(subnet));
  if (wrong)
    throw new ConfigError(`TRUSTED_NETWORKS holds "${wrong}": give addresses and subnets, 198.51.100.0/24`);
  return list(text);
}

function readRanker({ RANKER, DATABASE_URL }: Environment): Config['ranker'] {
  const ranker = RANKER || (DATABASE_URL ? 'child' : 'inline');
  if (ranker !== 'child' && ranker !== 'inline' && ranker !== 'none')
    throw new ConfigError(`RANKER is "${ranker}", not one of child, inline and none.`);
  if (!DATABASE_URL && ranker !== 'inline')
    throw new ConfigError(
      `RANKER=${ranker} needs DATABASE_URL: only one process can open the embedded database.`,
    );
  return ranker;
}

function readFingerprintMode(text: string | undefined): Config['sessionFingerprint'] {
  const mode = text || 'enforce';
  if (mode === 'off' || mode === 'log' || mode === 'enforce') return mode;
  throw new ConfigError(`SESSION_FINGERPRINT is "${mode}", not one of off, log and enforce.`);
}

function readLogLevel(text: string | undefined, production: boolean): string {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
  const level = text || (production ? 'info' : 'warn');
  if (!levels.includes(level))
    throw new ConfigError(`LOG_LEVEL is "${level}", not one of ${levels.join(', ')}.`);
  return level;
}

function integer(env: Environment, name: string, fallback: number, least: number, most: number): number {
  const text = env[name];
  if (!text) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new ConfigError(`${name} is "${text}", not a whole number from ${least} to ${most}.`);
  return value;
}

function url(env: Environment, name: string, protocols: string[]): string | undefined {
  const text = env[name];
  if (!text) return undefined;
  if (!protocols.includes(tryUrl(text)?.protocol ?? ''))
    throw new ConfigError(`${name} is not an address that starts with ${protocols.join('// or ')}//`);
  return text;
}

function tryUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
