import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterEach, beforeAll, expect, inject, it } from 'vitest';
import { createLog } from '../../src/log.js';
import { type RankerProcess, startRanker } from '../../src/ranking/ranker/ranker-process.js';
import { topic, useSite } from '../site.js';
import { expectRightRatings } from './expected.js';

const site = useSite();
const topics: { broken: number; sound: number } = { broken: 0, sound: 0 };
let logged: { level: number; topicId?: number; err?: { message: string } }[] = [];
let ranker: RankerProcess | undefined;

beforeAll(async () => {
  await topic(site, { slug: 'broken' });
  await topic(site, { slug: 'sound' });
  for (const slug of ['broken', 'sound'] as const) {
    const query = site.db.selectFrom('topics').where('slug', '=', slug).select('id');
    topics[slug] = (await query.executeTakeFirstOrThrow()).id;
  }
  await sql`
    create function fail() returns trigger language plpgsql as $$
    begin
      raise exception 'this topic is broken';
    end $$`.execute(site.db);
});
afterEach(async () => {
  await ranker?.stop();
  logged = [];
});

/** The running site's ranker, whose log is read. */
function start(): void {
  const write = (line: string): void => {
    logged.push(JSON.parse(line));
  };
  ranker = startRanker(site.db, inject('postgres') !== undefined, createLog('warn', { write }));
}

it('goes on with the other topics when a fit fails, names that topic, and fits it as soon as it can', async () => {
  await breaks('fits', sql`new.topic_id = ${sql.lit(topics.broken)}`);
  start();
  // So many that both are due for a fit.
  for (const slug of ['broken', 'sound'] as const) await castVotes(slug, 8);
  await until(async () => (await fittedVotes('sound')) === 8 && (await countedVotes('broken')) === 8);
  await castVotes('sound', 1);
  await castVotes('broken', 1);
  await until(async () => (await countedVotes('sound')) === 9 && (await countedVotes('broken')) === 9);
  await expectFailures();
  expect(await fittedVotes('broken')).toBe(0);

  await mended('fits');
  await until(async () => (await fittedVotes('broken')) === 9);
  await expectAllCounted();
});

it('goes on with the other topics when votes can’t be folded, and brings them in as soon as it can', async () => {
  await breaks('ratings', sql`new.topic_id = ${sql.lit(topics.broken)}`);
  start();
  const before = await countedVotes('sound');
  for (let round = 1; round <= 3; round++) {
    await castVotes('broken', 1);
    await castVotes('sound', 1);
    await until(async () => (await countedVotes('sound')) === before + round);
  }
  await expectFailures();

  await mended('ratings');
  await until(async () => (await countedVotes('broken')) === (await castOn('broken')));
  await castVotes('broken', 2);
  await until(async () => (await countedVotes('broken')) === (await castOn('broken')));
  await expectAllCounted();
});

it('goes on with the other topics when the standings of one can’t be published', async () => {
  await site.rank();
  await breaks('standings', sql`new.topic_id = ${sql.lit(topics.broken)}`);
  start();
  const before = await publishedChanges('broken');
  await castVotes('broken', 1);
  await castVotes('sound', 1);
  await until(async () => await isPublished('sound'));
  await expectFailures();
  expect([await publishedChanges('broken'), await isPublished('broken')]).toEqual([before, false]);

  await mended('standings');
  await until(() => isPublished('broken'));
  await expectAllCounted();
});

/** Makes Postgres refuse such rows. */
async function breaks(table: string, condition: ReturnType<typeof sql>): Promise<void> {
  await sql`create trigger broken before insert or update on ${sql.table(table)}
    for each row when (${condition}) execute function fail()`.execute(site.db);
}

async function mended(table: string): Promise<void> {
  await sql`drop trigger broken on ${sql.table(table)}`.execute(site.db);
}

async function castVotes(slug: keyof typeof topics, count: number): Promise<void> {
  await sql`
    insert into votes (ballot_id, topic_id, left_id, right_id, outcome, strategy)
    select gen_random_uuid(), ${topics[slug]}::bigint, min(id), max(id), 'left', 'import'
    from things, generate_series(1, ${count}::int) as number where topic_id = ${topics[slug]}::bigint
    group by number`.execute(site.db);
}

const castOn = (slug: keyof typeof topics) =>
  one(sql`select count(*)::int as number from votes where topic_id = ${topics[slug]}`);

const countedVotes = (slug: keyof typeof topics) =>
  one(sql`select coalesce(sum(wins), 0)::int as number from ratings where topic_id = ${topics[slug]}`);

const fittedVotes = (slug: keyof typeof topics) =>
  one(sql`select coalesce(sum(votes), 0)::int as number from fits where topic_id = ${topics[slug]}`);

const publishedChanges = (slug: keyof typeof topics) =>
  one(sql`select published_changes as number from boards where topic_id = ${topics[slug]}`);

const isPublished = async (slug: keyof typeof topics): Promise<boolean> =>
  (await countedVotes(slug)) === (await castOn(slug)) &&
  (await one(
    sql`select (changes = published_changes)::int as number from boards where topic_id = ${topics[slug]}`,
  )) === 1;

async function one(query: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await query.execute(site.db);
  return (rows[0] as { number: number }).number;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

async function expectFailures(): Promise<void> {
  await until(async () => logged.length > 0);
  for (const line of logged)
    expect(line).toMatchObject({
      level: 50,
      topicId: topics.broken,
      err: { message: 'this topic is broken' },
    });
}

async function expectAllCounted(): Promise<void> {
  await ranker?.stop();
  for (const slug of ['broken', 'sound'] as const) {
    expect(await countedVotes(slug)).toBe(await castOn(slug));
    await expectRightRatings(site.db, topics[slug]);
  }
}
