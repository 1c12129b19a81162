import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import autocannon from 'autocannon';
import { afterAll, beforeAll, inject, it } from 'vitest';
import { Passwords } from '../../src/auth/passwords/passwords.js';
import { register } from '../../src/auth/users/users.js';
import { importThings } from '../../src/catalog/import-things.js';
import { signBallot } from '../../src/voting/ballot.js';
import { freePort, killProcesses, startProcess } from '../processes.js';
import { FIREFOX, HTMX, openTestDatabase, thingNames } from '../site.js';
import { note, report } from './report.js';

// Votes by script on one web process, as in production: as many as it can take, and four times as many.
const CONNECTIONS = 64;
const TIMES = 4;
const SECONDS = 8;
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
  // One voter for each connection, because nobody casts two votes at once. The cheapest hash saves a minute.
  const passwords = new Passwords(4);
  for (let number = 0; number < TIMES * CONNECTIONS; number++)
    voters.push(await logIn(await createMember(number, passwords), things));
  await passwords.close();
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

const password = 'a long enough phrase';

async function createMember(number: number, passwords: Passwords): Promise<{ id: number; username: string }> {
  const username = `voter${number}`;
  const groups = { networkGroup: number.toString(16).padStart(64, '0'), wideGroup: null };
  const form = { username, password, groups, awaitsApproval: false, invitation: '' };
  const account = await register(stores.db, passwords.forNetwork({ key: 'bench', factor: 1 }), form);
  if ('errors' in account) throw new Error('a member was refused');
  return { id: account.userId, username };
}

async function logIn(
  { id: voterId, username }: { id: number; username: string },
  things: { id: number; topicId: number }[],
): Promise<Voter> {
  const answer = await fetch(`${origin}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username, password }),
    redirect: 'manual',
    headers: { 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin' },
  });
  const cookie = answer.headers.getSetCookie().find((header) => header.includes('thinga='));
  if (!cookie) throw new Error(`a log-in was answered by ${answer.status}`);
  let pair = 0;
  return {
    cookie: cookie.split(';')[0] ?? '',
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
      const voter = voters[client++] as Voter;
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
  // The first vote of each voter costs more.
  await drive(TIMES * CONNECTIONS);
  const usual = await drive(CONNECTIONS);
  tell('at capacity', usual);
  report('refused at capacity', usual.refused, { atMost: 0 });
  const overload = await drive(TIMES * CONNECTIONS, Math.round(TIMES * usual.taken));
  tell('at four times the capacity', overload);
  report('share refused at four times the capacity', shareRefused(overload), { atLeast: 0.01 });
  report('slowest hundredth, times the usual', overload.p99 / usual.p99, { atMost: 2 });
  // Nobody waits as Retry-After asks.
  const impatient = await drive(TIMES * CONNECTIONS);
  tell('with four times the senders, who send again at once', impatient);
  report('slowest hundredth then, times the usual', impatient.p99 / usual.p99, { atMost: 2 });
  const after = await drive(CONNECTIONS);
  tell('afterwards', after);
  report('refused afterwards', after.refused, { atMost: 0 });
  const others = [usual, overload, impatient, after].reduce((sum, round) => sum + round.others, 0);
  report('other answers', others, { atMost: 0 });
});

const shareRefused = ({ taken, refused }: Round): number => refused / (taken + refused);

function tell(when: string, round: Round): void {
  note(`votes taken a second, ${when}`, round.taken);
  note(`share refused, ${when}`, shareRefused(round));
  note(`slowest hundredth of those taken, ${when}, ms`, round.p99);
}
