import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { kendallTau } from '../../src/ranking/math/agreement.js';
import { seededRandom } from '../../src/ranking/math/random.js';
import { startRanker } from '../../src/ranking/ranker/ranker-process.js';
import { FIREFOX, HTMX, pairOn, thingNames, topic, useSite } from '../site.js';
import { answer, worldOf } from './simulation.js';

const site = useSite();
const PEOPLE = 200;
const THINGS = 100;
const WORLDS = 3;
/** Votes a thing after which the simulation has 8 and 9 of 10 of the shown Top 20 right (docs/ranking.md). */
const [FIRST, SECOND] = [12, 36];
const BUSY_SECONDS = 60;
const BUSY = 64;

it(`has ${PEOPLE} people with tastes of their own vote over HTTP, until the Top 20 is right`, async () => {
  const people = await Promise.all(
    Array.from({ length: PEOPLE }, (_, number) => new Person(`p${number}`).join()),
  );
  const right: [number, number][] = [];
  for (let world = 1; world <= WORLDS; world++) {
    const random = seededRandom(world);
    const slug = `world-${world}`;
    const strengths = worldOf(THINGS, 1, random);
    // Their true places are in no order that the program could know of.
    const names = thingNames(THINGS).sort(() => random() - 0.5);
    const places = new Map(names.map((name, place) => [name, place]));
    await topic(site, { slug, names: names.toSorted() });
    const strengthOf = (name: string): number => strengths[places.get(name) ?? 0] ?? 0;
    const decide = (left: string, right: string): string => {
      const score = answer(strengthOf(left), strengthOf(right), random);
      return score === 1 ? 'left' : score === 0 ? 'right' : 'tie';
    };
    const running = follow();
    const after: number[] = [];
    for (const votes of [FIRST * THINGS, (SECOND - FIRST) * THINGS]) {
      const each = votes / PEOPLE;
      await inTurn(people, 16, (person) => person.answer(`/topics/${slug}/vote`, each, decide));
      await running.caughtUp();
      const standings = site.boards.get(slug)?.standings ?? [];
      after.push(standings.slice(0, 20).filter(({ name }) => (places.get(name) ?? 99) < 20).length / 20);
      const found = Float64Array.from(standings, ({ mean }) => mean);
      const tau = kendallTau(
        found,
        Float64Array.from(standings, ({ name }) => strengthOf(name)),
      );
      const { expectedRight = 0 } = site.boards.get(slug) ?? {};
      const line = `${after.at(-1)} of the Top 20 right, ${(expectedRight / 20).toFixed(2)} expected, τ ${tau.toFixed(2)}`;
      console.info(`World ${world}, ${after.length === 1 ? FIRST : SECOND} votes a thing: ${line}`);
    }
    await running.stop();
    right.push([after[0] ?? 0, after[1] ?? 0]);
  }
  const mean = (index: 0 | 1): number => right.reduce((sum, pair) => sum + pair[index], 0) / WORLDS;
  console.info(
    `Means: ${mean(0).toFixed(2)} after ${FIRST} votes a thing, ${mean(1).toFixed(2)} after ${SECOND}`,
  );
  // Means of three worlds lie within 0.06 of those of very many.
  expect(mean(0)).toBeGreaterThan(0.72);
  expect(mean(1)).toBeGreaterThan(0.83);
});

it(`counts what ${BUSY} connections cast in ${BUSY_SECONDS} s, each once, at most a second later`, async () => {
  await topic(site, { slug: 'busy', names: thingNames(60) });
  const people = await Promise.all(
    Array.from({ length: BUSY }, (_, number) => new Person(`b${number}`).join()),
  );
  const running = follow();
  const until = Date.now() + BUSY_SECONDS * 1000;
  const lags: number[] = [];
  const watch = (async () => {
    while (Date.now() < until) {
      lags.push(await lag());
      await sleep(250);
    }
  })();
  await Promise.all(people.map((person) => person.answer('/topics/busy/vote', 1700, () => 'left', until)));
  await watch;
  await running.caughtUp();
  await running.stop();
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

/** Milliseconds since the oldest vote was cast that the ranking does not have yet; 0 when it has all. */
async function lag(): Promise<number> {
  const { rows } = await sql<{ ms: number | null }>`
    select (extract(epoch from clock_timestamp() - min(votes.created_at)) * 1000)::float8 as ms
    from votes, ranker_position as position where (votes.xid, votes.id) > (position.xid, position.id)`.execute(
    site.db,
  );
  return rows[0]?.ms ?? 0;
}

/** The running site's ranker and boards. */
function follow(): { caughtUp(): Promise<void>; stop(): Promise<void> } {
  const log = pino({ level: 'silent' });
  const ranker = startRanker(site.db, site.config.databaseUrl !== undefined, log);
  site.boards.follow(log);
  return {
    async caughtUp() {
      while ((await lag()) > 0) await sleep(100);
      await sleep(500);
      await site.boards.refresh();
    },
    async stop() {
      site.boards.stop();
      await ranker.stop();
    },
  };
}

/** Somebody in a browser with htmx: each answer brings the next pair. */
class Person {
  #cookie = '';
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  async join(): Promise<this> {
    const answer = await this.#send('/register', { username: this.#name, password: 'a long enough phrase' });
    const cookie = answer.headers.getSetCookie().find((header) => header.startsWith('thinga='));
    this.#cookie = cookie?.split(';')[0] ?? '';
    return this;
  }

  /** Answers pairs, until it is that late or there are none. */
  async answer(
    path: string,
    many: number,
    decide: (left: string, right: string) => string,
    until = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    let pair = pairOn(await (await this.#send(path)).text());
    for (let turn = 0; turn < many && pair.ballot && Date.now() < until; turn++) {
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

/** Does something for everyone, so many at a time. */
async function inTurn<One>(all: One[], atOnce: number, work: (one: One) => Promise<void>): Promise<void> {
  const left = [...all];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let one = left.pop(); one; one = left.pop()) await work(one);
    }),
  );
}
