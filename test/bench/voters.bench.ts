import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { kendallTau } from '../../src/ranking/math/kendall-tau.js';
import { seededRandom } from '../../src/ranking/math/random.js';
import { startRanker } from '../../src/ranking/ranker/ranker-process.js';
import { FIREFOX, HTMX, pairOn, thingNames, topic, useSite } from '../site.js';
import { answer, drawStrengths } from './simulation.js';

const site = useSite();
const VOTERS = 200;
const THINGS = 100;
const WORLDS = 3;
/**
 * Votes for each thing until the simulation has 8 and 9 of 10 of the shown Top 20 right (docs/ranking.md).
 */
const [FIRST, SECOND] = [12, 36];
const BUSY_SECONDS = 60;
const CONNECTIONS = 64;

it(`finds the Top 20 from ${VOTERS} voters over HTTP`, async () => {
  const voters = await Promise.all(
    Array.from({ length: VOTERS }, (_, number) => new HtmxVoter(`p${number}`).register()),
  );
  const right: [number, number][] = [];
  for (let world = 1; world <= WORLDS; world++) {
    const random = seededRandom(world);
    const slug = `world-${world}`;
    const strengths = drawStrengths(THINGS, 1, random);
    // Shuffled, so that the names do not reveal the true ranks.
    const names = thingNames(THINGS).sort(() => random() - 0.5);
    const ranks = new Map(names.map((name, rank) => [name, rank]));
    await topic(site, { slug, names: names.toSorted() });
    const strengthOf = (name: string): number => strengths[ranks.get(name) ?? 0] ?? 0;
    const decide = (left: string, right: string): string => {
      const score = answer(strengthOf(left), strengthOf(right), random);
      return score === 1 ? 'left' : score === 0 ? 'right' : 'tie';
    };
    const ranking = startRanking();
    const shares: number[] = [];
    for (const votes of [FIRST * THINGS, (SECOND - FIRST) * THINGS]) {
      const each = votes / VOTERS;
      await forEach(voters, { atOnce: 16 }, (voter) =>
        voter.answer(`/topics/${slug}/vote`, { count: each, decide }),
      );
      await ranking.caughtUp();
      const standings = site.boards.get(slug)?.standings ?? [];
      shares.push(standings.slice(0, 20).filter(({ name }) => (ranks.get(name) ?? 99) < 20).length / 20);
      const found = Float64Array.from(standings, ({ mean }) => mean);
      const tau = kendallTau(
        found,
        Float64Array.from(standings, ({ name }) => strengthOf(name)),
      );
      const { expectedShare = 0 } = site.boards.get(slug) ?? {};
      const line = `${shares.at(-1)} of the Top 20 right, ${expectedShare.toFixed(2)} expected, τ ${tau.toFixed(2)}`;
      console.info(`World ${world}, ${shares.length === 1 ? FIRST : SECOND} votes a thing: ${line}`);
    }
    await ranking.stop();
    right.push([shares[0] ?? 0, shares[1] ?? 0]);
  }
  const mean = (index: 0 | 1): number => right.reduce((sum, pair) => sum + pair[index], 0) / WORLDS;
  console.info(
    `Means: ${mean(0).toFixed(2)} after ${FIRST} votes a thing, ${mean(1).toFixed(2)} after ${SECOND}`,
  );
  // The means of three worlds are within 0.06 of the means of very many.
  expect(mean(0)).toBeGreaterThan(0.72);
  expect(mean(1)).toBeGreaterThan(0.83);
});

it(`counts each vote of ${CONNECTIONS} connections once, at most a second later`, async () => {
  await topic(site, { slug: 'busy', names: thingNames(60) });
  const voters = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, number) => new HtmxVoter(`b${number}`).register()),
  );
  const ranking = startRanking();
  const until = Date.now() + BUSY_SECONDS * 1000;
  const lags: number[] = [];
  const watch = (async () => {
    while (Date.now() < until) {
      lags.push(await lag());
      await sleep(250);
    }
  })();
  await Promise.all(
    voters.map((voter) => voter.answer('/topics/busy/vote', { count: 1700, decide: () => 'left', until })),
  );
  await watch;
  await ranking.caughtUp();
  await ranking.stop();
  const { rows } = await sql<{ cast: number; counted: number }>`
    select (select count(*)::int from votes join topics on topics.id = topic_id where slug = 'busy') as cast,
      (select sum(wins + losses + ties)::int / 2 from ratings join topics on topics.id = topic_id
       where slug = 'busy') as counted`.execute(site.db);
  const [{ cast, counted } = { cast: 0, counted: -1 }] = rows;
  lags.sort((one, other) => one - other);
  const [median, worst] = [lags[lags.length >> 1], lags.at(-1)].map((ms) => Math.round(ms ?? 0));
  console.info(`${cast} votes cast (${Math.round(cast / BUSY_SECONDS)} a second), ${counted} counted`);
  console.info(`Lag: ${median} ms in the middle, ${worst} ms at worst`);
  expect(counted).toBe(cast);
  expect(cast).toBeGreaterThan(0);
  expect(worst).toBeLessThan(1_000);
});

/** Returns the age in milliseconds of the oldest vote that is not ranked yet; 0 when all are ranked. */
async function lag(): Promise<number> {
  const { rows } = await sql<{ ms: number | null }>`
    select (extract(epoch from clock_timestamp() - min(votes.created_at)) * 1000)::float8 as ms
    from votes, ranker_position as position where (votes.xid, votes.id) > (position.xid, position.id)`.execute(
    site.db,
  );
  return rows[0]?.ms ?? 0;
}

/** Starts the ranker and the refreshing of boards, as the running site does. */
function startRanking(): { caughtUp(): Promise<void>; stop(): Promise<void> } {
  const log = pino({ level: 'silent' });
  const ranker = startRanker(site.db, site.config.databaseUrl !== undefined, log);
  site.boards.startPolling(log);
  return {
    async caughtUp() {
      while ((await lag()) > 0) await sleep(100);
      await sleep(500);
      await site.boards.refresh();
    },
    async stop() {
      site.boards.stopPolling();
      await ranker.stop();
    },
  };
}

/** A voter in a browser with htmx, which gets the next pair with each answer. */
class HtmxVoter {
  #cookie = '';
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  async register(): Promise<this> {
    const answer = await this.#send('/register', { username: this.#name, password: 'a long enough phrase' });
    const cookie = answer.headers.getSetCookie().find((header) => header.startsWith('thinga='));
    this.#cookie = cookie?.split(';')[0] ?? '';
    return this;
  }

  /** Answers up to `count` pairs, until a time or until no pair is left. */
  async answer(
    path: string,
    {
      count,
      decide,
      until = Number.POSITIVE_INFINITY,
    }: { count: number; decide: (left: string, right: string) => string; until?: number },
  ): Promise<void> {
    let pair = pairOn(await (await this.#send(path)).text());
    for (let vote = 0; vote < count && pair.ballot && Date.now() < until; vote++) {
      const choice = decide(pair.left, pair.right);
      pair = pairOn(await (await this.#send(path, { ballot: pair.ballot, choice })).text());
    }
  }

  #send(path: string, fields?: Record<string, string>): Promise<Response> {
    return fetch(site.origin + path, {
      method: fields ? 'POST' : 'GET',
      redirect: 'manual',
      ...(fields && { body: new URLSearchParams(fields) }),
      headers: {
        'User-Agent': FIREFOX,
        'Sec-Fetch-Site': 'same-origin',
        ...(this.#cookie && { ...HTMX, Cookie: this.#cookie }),
      },
    });
  }
}

/** Runs some work for each item, a number of items at once. */
async function forEach<Item>(
  items: Item[],
  { atOnce }: { atOnce: number },
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const remaining = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = remaining.pop(); item; item = remaining.pop()) await work(item);
    }),
  );
}
