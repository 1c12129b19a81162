import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterEach, beforeAll, expect, inject, it } from 'vitest';
import { createLog } from '../../../src/log.js';
import { type RankerProcess, startRanker } from '../../../src/ranking/ranker/ranker-process.js';
import { topic, useSite } from '../../site.js';
import { expectCorrectRatings } from './expected-ratings.js';

const site = useSite();
const topics: { broken: number; sound: number } = { broken: 0, sound: 0 };
let logLines: { level: number; topicId?: number; err?: { message: string } }[] = [];
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
  logLines = [];
});

/** Starts the ranker of a running site, and collects its log. */
function start(): void {
  const write = (line: string): void => {
    logLines.push(JSON.parse(line));
  };
  ranker = startRanker(site.db, inject('postgres') !== undefined, createLog('warn', { write }));
}

it('goes on with the other topics when a fit fails, logs the topic, and fits it as soon as possible', async () => {
  await breakTable('fits', sql`new.topic_id = ${sql.lit(topics.broken)}`);
  start();
  // So many votes that both topics need a fit.
  for (const slug of ['broken', 'sound'] as const) await castVotes(slug, 8);
  await until(async () => (await fittedVoteCount('sound')) === 8 && (await countedVoteCount('broken')) === 8);
  await castVotes('sound', 1);
  await castVotes('broken', 1);
  await until(
    async () => (await countedVoteCount('sound')) === 9 && (await countedVoteCount('broken')) === 9,
  );
  await expectFailures();
  expect(await fittedVoteCount('broken')).toBe(0);

  await repairTable('fits');
  await until(async () => (await fittedVoteCount('broken')) === 9);
  await expectAllCounted();
});

it('goes on with the other topics when votes can’t be folded, and includes these as soon as possible', async () => {
  await breakTable('ratings', sql`new.topic_id = ${sql.lit(topics.broken)}`);
  start();
  const before = await countedVoteCount('sound');
  for (let round = 1; round <= 3; round++) {
    await castVotes('broken', 1);
    await castVotes('sound', 1);
    await until(async () => (await countedVoteCount('sound')) === before + round);
  }
  await expectFailures();

  await repairTable('ratings');
  await until(async () => (await countedVoteCount('broken')) === (await castVoteCount('broken')));
  await castVotes('broken', 2);
  await until(async () => (await countedVoteCount('broken')) === (await castVoteCount('broken')));
  await expectAllCounted();
});

it('goes on with the other topics when the standings of one can’t be published', async () => {
  await site.rank();
  await breakTable('standings', sql`new.topic_id = ${sql.lit(topics.broken)}`);
  start();
  const before = await publishedChanges('broken');
  await castVotes('broken', 1);
  await castVotes('sound', 1);
  await until(async () => await isPublished('sound'));
  await expectFailures();
  expect([await publishedChanges('broken'), await isPublished('broken')]).toEqual([before, false]);

  await repairTable('standings');
  await until(() => isPublished('broken'));
  await expectAllCounted();
});

/** Makes Postgres refuse the rows of a table that meet a condition. */
async function breakTable(table: string, condition: ReturnType<typeof sql>): Promise<void> {
  await sql`create trigger broken before insert or update on ${sql.table(table)}
    for each row when (${condition}) execute function fail()`.execute(site.db);
}

async function repairTable(table: string): Promise<void> {
  await sql`drop trigger broken on ${sql.table(table)}`.execute(site.db);
}

async function castVotes(slug: keyof typeof topics, count: number): Promise<void> {
  await sql`
    insert into votes (ballot_id, topic_id, left_id, right_id, outcome, strategy)
    select gen_random_uuid(), ${topics[slug]}::bigint, min(id), max(id), 'left', 'import'
    from things, generate_series(1, ${count}::int) as number where topic_id = ${topics[slug]}::bigint
    group by number`.execute(site.db);
}

const castVoteCount = (slug: keyof typeof topics) =>
  numberFrom(sql`select count(*)::int as number from votes where topic_id = ${topics[slug]}`);

const countedVoteCount = (slug: keyof typeof topics) =>
  numberFrom(sql`select coalesce(sum(wins), 0)::int as number from ratings where topic_id = ${topics[slug]}`);

const fittedVoteCount = (slug: keyof typeof topics) =>
  numberFrom(sql`select coalesce(sum(votes), 0)::int as number from fits where topic_id = ${topics[slug]}`);

const publishedChanges = (slug: keyof typeof topics) =>
  numberFrom(sql`select published_changes as number from boards where topic_id = ${topics[slug]}`);

const isPublished = async (slug: keyof typeof topics): Promise<boolean> =>
  (await countedVoteCount(slug)) === (await castVoteCount(slug)) &&
  (await numberFrom(
    sql`select (changes = published_changes)::int as number from boards where topic_id = ${topics[slug]}`,
  )) === 1;

async function numberFrom(query: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await query.execute(site.db);
  return (rows[0] as { number: number }).number;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

async function expectFailures(): Promise<void> {
  await until(async () => logLines.length > 0);
  for (const line of logLines)
    expect(line).toMatchObject({
      level: 50,
      topicId: topics.broken,
      err: { message: 'this topic is broken' },
    });
}

async function expectAllCounted(): Promise<void> {
  await ranker?.stop();
  for (const slug of ['broken', 'sound'] as const) {
    expect(await countedVoteCount(slug)).toBe(await castVoteCount(slug));
    await expectCorrectRatings(site.db, topics[slug]);
  }
}
