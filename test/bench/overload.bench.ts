import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import autocannon from 'autocannon';
import { afterAll, beforeAll, inject, it } from 'vitest';
import { importThings } from '../../src/catalog/import-things.js';
import { signBallot } from '../../src/voting/ballot.js';
import { freePort, killProcesses, startProcess } from '../processes.js';
import { FIREFOX, HTMX, openTestDatabase, thingNames } from '../site.js';
import { note, report } from './report.js';

// Votes by script on one web process, as in production: as many as it can take, and four times as many.
const CONNECTIONS = 64;
const TIMES = 4;
const SECONDS = 8;
const VOTERS = 16;
const SECRET = 'q8Zr2mVx7LdK4wTn9YbHc3GsJf6PaUe1RoIi5';

const dataDir = mkdtempSync(join(tmpdir(), 'thinga-overload-'));
let stores: Awaited<ReturnType<typeof openTestDatabase>>;
let origin = '';
const voters: Voter[] = [];

beforeAll(async () => {
  const redis = inject('redis');
  stores = await openTestDatabase();
  const { databaseUrl } = stores.config;
  if (!databaseUrl || !redis) throw new Error('this needs a Postgres server and Redis');
  await importThings(stores.db, Readable.from([`name\n${thingNames(400).join('\n')}\n`]), { slug: 'foods' });
  const port = String(await freePort());
  origin = `http://localhost:${port}`;
  const site = startProcess({
    ...{ NODE_ENV: 'production', PORT: port, PUBLIC_ORIGIN: origin, DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: redis, SESSION_SECRET: SECRET, RATE_LIMITS: 'off' },
  });
  await site.until('Thinga is at');
  const things = await stores.db.selectFrom('things').select(['id', 'topicId']).execute();
  for (let number = 0; number < VOTERS; number++) voters.push(await register(number, things));
});
afterAll(async () => {
  killProcesses();
  await stores.close();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Voter {
  cookie: string;
  /** Signs a ballot for a pair that the voter has not had. */
  nextBallot(): string;
}

async function register(number: number, things: { id: number; topicId: number }[]): Promise<Voter> {
  const username = `voter${number}`;
  const answer = await fetch(`${origin}/register`, {
    method: 'POST',
    body: new URLSearchParams({ username, password: 'a long enough phrase' }),
    redirect: 'manual',
    headers: { 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin' },
  });
  const cookie = answer.headers.getSetCookie().find((header) => header.includes('thinga='));
  const { id: voterId } = await stores.db
    .selectFrom('users')
    .where('username', '=', username)
    .select('id')
    .executeTakeFirstOrThrow();
  let pair = 0;
  return {
    cookie: cookie?.split(';')[0] ?? '',
    nextBallot() {
      const left = things[pair % things.length];
      const right = things[(pair + 1 + Math.floor(pair / things.length)) % things.length];
      pair++;
      const offer = { topicId: left?.topicId ?? 0, leftId: left?.id ?? 0, rightId: right?.id ?? 0 };
      return signBallot({ ...offer, voterId, isGuest: false, strategy: 'explore' }, SECRET);
    },
  };
}

interface Round {
  /** How many votes were taken, and how many refused, a second. */
  taken: number;
  refused: number;
  /** The slowest hundredth of those taken, in milliseconds. */
  p99: number;
  /** All answers that are neither. */
  others: number;
}

/** Sends votes. @param perSecond over all connections; undefined for as many as are answered */
async function drive(connections: number, perSecond?: number): Promise<Round> {
  const times: number[] = [];
  const round = { refused: 0, others: 0 };
  let client = 0;
  const result = await autocannon({
    url: `${origin}/vote`,
    method: 'POST',
    connections,
    duration: SECONDS,
    ...(perSecond ? { overallRate: perSecond } : {}),
    setupClient: (sender) => {
      const voter = voters[client++ % VOTERS] as Voter;
      const headers = {
        ...{ ...HTMX, Cookie: voter.cookie, 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin' },
        'Content-Type': 'application/x-www-form-urlencoded',
      };
      const prepare = (): void =>
        sender.setHeadersAndBody(headers, `ballot=${encodeURIComponent(voter.nextBallot())}&choice=left`);
      prepare();
      sender.on('response', (status, _bytes, milliseconds) => {
        if (status === 200) times.push(milliseconds);
        else if (status === 503) round.refused++;
        else round.others++;
        prepare();
      });
    },
  });
  times.sort((one, other) => one - other);
  return {
    taken: times.length / SECONDS,
    refused: round.refused / SECONDS,
    others: round.others + result.errors,
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
  };
}

it('keeps the votes that it takes quick at four times its capacity', async () => {
  await drive(CONNECTIONS);
  const usual = await drive(CONNECTIONS);
  const overload = await drive(TIMES * CONNECTIONS, TIMES * usual.taken);
  const after = await drive(CONNECTIONS);
  note('votes a second at capacity', usual.taken);
  report('of these refused', usual.refused, { atMost: 0 });
  note('slowest hundredth at capacity, ms', usual.p99);
  note('sent a second at four times the capacity', overload.taken + overload.refused);
  note('votes a second then', overload.taken);
  report('share that is refused', overload.refused / (overload.taken + overload.refused), { atLeast: 0.01 });
  note('slowest hundredth of those taken, ms', overload.p99);
  report('the same, times the usual', overload.p99 / usual.p99, { atMost: 2 });
  report('other answers', usual.others + overload.others, { atMost: 0 });
  report('refused afterwards', after.refused, { atMost: 0 });
});
