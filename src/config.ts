import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { developmentSecrets } from './development-secrets.js';
import {
  contact,
  integer,
  list,
  oneOf,
  origin,
  proxies,
  rateLimits,
  redisUrl,
  secret,
  subnet,
  url,
} from './setting-values.js';

/** The folder that holds package.json, views and public. */
export const root = dirname(createRequire(import.meta.url).resolve('#package.json'));

/** The settings, checked and with their defaults. */
export interface Config {
  production: boolean;
  host: string;
  port: number;
  /** Scheme, host and port that people type, such as `https://thinga.example`. */
  publicOrigin: string;
  /** Postgres; without it an embedded database lives under `dataDir`. */
  databaseUrl: string | undefined;
  /** What stands at `databaseUrl`: Postgres itself, or a pooler that gives a connection to a session or transaction. */
  databasePooler: 'none' | 'session' | 'transaction';
  /** Postgres without a pooler, for the ranker, migrations and commands; undefined: they use `databaseUrl`. */
  databaseDirectUrl: string | undefined;
  /** Redis; without it session state lives in the process. */
  redisUrl: string | undefined;
  dataDir: string;
  /** Newest first: the first one signs, every one verifies. */
  secrets: [string, ...string[]];
  /** Password of the log-in that the seed makes; undefined in production, which gets none. */
  demoPassword: string | undefined;
  /** Days after which a session that was kept signed in ends, whatever happens (1 to 400). */
  sessionExpireDays: number;
  /** Minutes without a request after which a session that is not kept signed in ends (5 to 1440). */
  sessionIdleMinutes: number;
  /** What happens to a session that comes from another kind of browser: it ends, is noted, or goes on. */
  sessionFingerprint: 'off' | 'log' | 'enforce';
  allowedOrigins: string[];
  /** What Express believes of X-Forwarded-*: a number of hops, or addresses and subnets. */
  trustProxy: number | string[];
  /** Processes that serve; more than one only on real Postgres and Redis. */
  workers: number;
  /** Where votes are folded into the ranking: in a child process, in the process that serves, or elsewhere. */
  ranker: 'child' | 'inline' | 'none';
  /** Seconds to go on serving after a stop is asked for, so that a proxy notices in time (0 to 300). */
  drainSeconds: number;
  logLevel: string;
  /** Opens `/metrics`; without it there is none. */
  metricsToken: string | undefined;
  /** How many requests a process works on at once while its event loop is busy (1 to 100,000). */
  maxOpenRequests: number;
  /** The share of time from which on the event loop counts as busy (0 to 1). */
  busyUtilization: number;
  /** `/readyz` fails below so many free megabytes on the disk of the site (0 to 1,000,000). */
  readyMinDiskMb: number;
  /** `/readyz` fails when the same vote waits for the ranker for so many seconds; 0 for never (0 to 86,400). */
  readyMaxLagSeconds: number;
  /** How to reach the people who run the site: an e-mail address, or the address of a page. */
  contact: string | undefined;
  /** The server that sends mail; without it the site sends none and asks for no address. */
  smtpUrl: string | undefined;
  /** The address from which mail comes. */
  mailFrom: string | undefined;
  /** Factor on the usual limits of registering, voting and exporting; false sets none of these limits. */
  rateLimits: number | false;
  /** Addresses and subnets that many people share: they have twenty times the limits of others. */
  trustedNetworks: string[];
  /** Who may make topics: everyone who is logged in, or admins only. */
  topicCreation: 'members' | 'admins';
  /** How many topics one person may own (1 to 10,000). */
  maxTopicsPerPerson: number;
  /** How many things a topic that is made on the site may have (2 to 100,000). */
  maxThingsPerTopic: number;
  /** The largest file, in megabytes, that is taken as a picture (1 to 100). */
  maxPictureMb: number;
  /** How many megabytes the pictures of a topic may take in the database (1 to 100,000). */
  maxTopicMb: number;
  /** Days after which addresses in the record of sessions are shortened to networks (1 to 3650). */
  retentionShortenDays: number;
  /** Days after which addresses and devices in the record are gone (1 to 3650). */
  retentionDeleteDays: number;
  /** The fewest characters of a new password (8 to 64). */
  passwordMinLength: number;
  /** bcrypt's cost: each step doubles the time of one password check. */
  passwordCost: number;
}

/** A setting that can't be used; the message names the variable and says what would do. */
export class ConfigError extends Error {}

/**
 * Reads every setting the product has. No other file touches the environment.
 * @throws ConfigError with one line about the first variable that is missing or can't be used; Error when the secrets
 * in DATA_DIR can't be read or written
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  // A variable that is set to nothing counts as not set.
  const parsed = environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, text]) => text)));
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
    throw new ConfigError(`${String(path[0])} ${message}`);
  }
  const settings = parsed.data;
  const production = settings.NODE_ENV === 'production';
  const dataDir = resolve(settings.DATA_DIR);
  return {
    production,
    host: settings.HOST,
    port: settings.PORT,
    publicOrigin: settings.PUBLIC_ORIGIN ?? `http://localhost:${settings.PORT}`,
    databaseUrl: settings.DATABASE_URL,
    databasePooler: settings.DATABASE_POOLER,
    databaseDirectUrl: settings.DATABASE_DIRECT_URL,
    redisUrl: settings.REDIS_URL,
    dataDir,
    ...secretsOf(settings, dataDir),
    sessionExpireDays: settings.SESSION_EXPIRE_DAYS,
    sessionIdleMinutes: settings.SESSION_IDLE_MINUTES,
    sessionFingerprint: settings.SESSION_FINGERPRINT,
    allowedOrigins: settings.ALLOWED_ORIGINS,
    trustProxy: settings.TRUST_PROXY,
    workers: settings.WEB_CONCURRENCY,
    ranker: settings.RANKER ?? (settings.DATABASE_URL ? 'child' : 'inline'),
    drainSeconds: settings.DRAIN_SECONDS ?? (production ? 5 : 0),
    logLevel: settings.LOG_LEVEL ?? (production ? 'info' : 'warn'),
    metricsToken: settings.METRICS_TOKEN,
    maxOpenRequests: settings.MAX_OPEN_REQUESTS,
    busyUtilization: 0.95,
    readyMinDiskMb: settings.READY_MIN_DISK_MB,
    readyMaxLagSeconds: settings.READY_MAX_LAG_SECONDS,
    contact: settings.CONTACT,
    smtpUrl: settings.SMTP_URL,
    mailFrom: settings.MAIL_FROM,
    rateLimits: settings.RATE_LIMITS,
    trustedNetworks: settings.TRUSTED_NETWORKS,
    topicCreation: settings.TOPIC_CREATION,
    maxTopicsPerPerson: settings.MAX_TOPICS_PER_PERSON,
    maxThingsPerTopic: settings.MAX_THINGS_PER_TOPIC,
    maxPictureMb: settings.MAX_PICTURE_MB,
    maxTopicMb: settings.MAX_TOPIC_MB,
    retentionShortenDays: settings.RETENTION_SHORTEN_DAYS,
    retentionDeleteDays: settings.RETENTION_DELETE_DAYS,
    passwordMinLength: settings.PASSWORD_MIN_LENGTH,
    passwordCost: 12,
  };
}

/** The environment for a program that this one starts: its own, and more variables. */
export const environmentWith = (more: Record<string, string>): Record<string, string | undefined> => ({
  ...process.env,
  ...more,
});

// The settings, and what they ask of each other.
const environment = z
  .object({
    NODE_ENV: z.string().optional(),
    HOST: z.string().default('127.0.0.1'),
    PORT: integer(0, 65_535).default(3000),
    PUBLIC_ORIGIN: origin.optional(),
    DATABASE_URL: url('postgres:', 'postgresql:').optional(),
    DATABASE_POOLER: oneOf('none', 'session', 'transaction').default('none'),
    DATABASE_DIRECT_URL: url('postgres:', 'postgresql:').optional(),
    REDIS_URL: redisUrl.optional(),
    DATA_DIR: z.string().default('.data'),
    SESSION_SECRET: list.default([]),
    SESSION_EXPIRE_DAYS: integer(1, 400).default(30),
    // WCAG 2.2.1: there must be time to read the warning and to answer it.
    SESSION_IDLE_MINUTES: integer(5, 60 * 24).default(120),
    SESSION_FINGERPRINT: oneOf('off', 'log', 'enforce').default('enforce'),
    PASSWORD_MIN_LENGTH: integer(8, 64).default(8),
    ALLOWED_ORIGINS: list.pipe(z.array(origin)).default([]),
    TRUST_PROXY: proxies.default(0),
    WEB_CONCURRENCY: integer(1, 64).default(1),
    RANKER: oneOf('child', 'inline', 'none').optional(),
    DRAIN_SECONDS: integer(0, 300).optional(),
    LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').optional(),
    METRICS_TOKEN: z.string().min(32, { error: 'is shorter than 32 characters.' }).optional(),
    MAX_OPEN_REQUESTS: integer(1, 100_000).default(64),
    READY_MIN_DISK_MB: integer(0, 1_000_000).default(200),
    READY_MAX_LAG_SECONDS: integer(0, 86_400).default(300),
    CONTACT: contact.optional(),
    SMTP_URL: url('smtp:', 'smtps:').optional(),
    MAIL_FROM: z.email({ error: ({ input }) => `is "${input}", not an e-mail address.` }).optional(),
    RATE_LIMITS: rateLimits.default(1),
    TRUSTED_NETWORKS: list.pipe(z.array(subnet)).default([]),
    TOPIC_CREATION: oneOf('members', 'admins').default('members'),
    MAX_TOPICS_PER_PERSON: integer(1, 10_000).default(50),
    MAX_THINGS_PER_TOPIC: integer(2, 100_000).default(10_000),
    MAX_PICTURE_MB: integer(1, 100).default(10),
    MAX_TOPIC_MB: integer(1, 100_000).default(200),
    RETENTION_SHORTEN_DAYS: integer(1, 3_650).default(30),
    RETENTION_DELETE_DAYS: integer(1, 3_650).default(90),
  })
  .superRefine((settings, { addIssue }) => {
    const refuse = (name: keyof typeof settings, message: string) =>
      addIssue({ code: 'custom', path: [name], message });

    if (settings.WEB_CONCURRENCY > 1 && !(settings.DATABASE_URL && settings.REDIS_URL))
      refuse('WEB_CONCURRENCY', 'above 1 needs DATABASE_URL and REDIS_URL: processes share both.');
    if (!settings.DATABASE_URL && settings.RANKER && settings.RANKER !== 'inline')
      refuse(
        'RANKER',
        `is ${settings.RANKER}, which needs DATABASE_URL: one process opens the embedded database.`,
      );
    if (
      settings.DATABASE_POOLER === 'transaction' &&
      !(settings.DATABASE_URL && settings.DATABASE_DIRECT_URL)
    )
      refuse(
        'DATABASE_POOLER',
        'is transaction, which needs DATABASE_URL for pages, and DATABASE_DIRECT_URL for the ranker and migrations.',
      );
    if (settings.DATABASE_DIRECT_URL && !settings.DATABASE_URL)
      refuse('DATABASE_DIRECT_URL', 'needs DATABASE_URL, which pages use.');
    if (settings.RETENTION_DELETE_DAYS < settings.RETENTION_SHORTEN_DAYS)
      refuse('RETENTION_DELETE_DAYS', 'is less than RETENTION_SHORTEN_DAYS.');
    if (settings.SMTP_URL && !settings.MAIL_FROM)
      refuse('MAIL_FROM', 'is not set: SMTP_URL needs the address from which mail comes.');
    if (settings.NODE_ENV !== 'production') return;

    if (!settings.DATABASE_URL) refuse('DATABASE_URL', 'is not set: production needs Postgres.');
    if (!settings.REDIS_URL) refuse('REDIS_URL', 'is not set: production needs Redis.');
    if (!settings.PUBLIC_ORIGIN)
      refuse('PUBLIC_ORIGIN', 'is not set: give the address people type, https://thinga.example');
    else if (!isSafeForCookies(settings.PUBLIC_ORIGIN))
      refuse('PUBLIC_ORIGIN', 'must be https in production: session cookies travel over it.');
    if (settings.SESSION_SECRET.length === 0)
      refuse('SESSION_SECRET', 'is not set: make one with `openssl rand -base64 48`.');
    for (const text of settings.SESSION_SECRET)
      for (const { message } of secret.safeParse(text).error?.issues ?? []) refuse('SESSION_SECRET', message);
  });

function isSafeForCookies(publicOrigin: string): boolean {
  const { protocol, hostname } = new URL(publicOrigin);
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

type Settings = z.output<typeof environment>;

// Production brings its secrets; elsewhere they are made once and kept.
function secretsOf(settings: Settings, dataDir: string): Pick<Config, 'secrets' | 'demoPassword'> {
  const [newest, ...older] = settings.SESSION_SECRET;
  if (settings.NODE_ENV === 'production')
    return { secrets: [newest ?? '', ...older], demoPassword: undefined };
  const { sessionSecret, demoPassword } = developmentSecrets(dataDir);
  return { secrets: newest ? [newest, ...older] : [sessionSecret], demoPassword };
}
