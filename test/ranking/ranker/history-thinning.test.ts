import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { beforeAll, expect, inject, it, vi } from 'vitest';
import { createLog } from '../../../src/log.js';
import { type PastRank, readRankHistory } from '../../../src/ranking/boards/rank-history.js';
import { thinHistory } from '../../../src/ranking/ranker/history-thinning.js';
import { updatePreviousRanks } from '../../../src/ranking/ranker/previous-ranks.js';
import { startRanker } from '../../../src/ranking/ranker/ranker-process.js';
import { itOnPostgres, topic, useSite } from '../../site.js';

// Hundreds of days are thinned one by one.
vi.setConfig({ testTimeout: 180_000 });

const site = useSite();
const [HOUR, DAY, WEEK] = [3_600_000, 86_400_000, 7 * 86_400_000];
let ids: number[] = [];
/** When the rows were inserted. */
let insertedAt = 0;

beforeAll(async () => {
  await topic(site);
  ids = (await site.db.selectFrom('things').select('id').orderBy('id').execute()).map(({ id }) => id);
  insertedAt = Date.now();
  await insertRows(0, { days: 730, every: 1 });
  await insertRows(1, { days: 730, every: 31 });
  await insertRows(2, { days: 280, every: 2 });
  await insertRows(3, { days: 3, every: 1 });
});

interface Row extends PastRank {
  thingId: number;
}

/** Inserts rows of a thing: one every `every` hours, back to `days` days ago. */
async function insertRows(thing: number, { days, every }: { days: number; every: number }): Promise<void> {
  await sql`
    insert into rating_history (thing_id, at, rank, low, high)
    select ${ids[thing]}::bigint, date_trunc('hour', now()) - hours * interval '1 hour', 1 + hours % 4,
      1, 1 + hours % 4
    from generate_series(1, ${days * 24}::int, ${every}::int) as hours`.execute(site.db);
}

const rows = (): Promise<Row[]> =>
  site.db
    .selectFrom('ratingHistory')
    .select(['thingId', 'at', 'rank', 'low', 'high'])
    .orderBy('thingId')
    .orderBy('at')
    .execute();

/** The rows that remain by the rule in the documentation. */
function remainingRows(all: Row[]): Row[] {
  const group = ({ thingId, at }: Row): string => {
    const day = Math.floor(at.getTime() / DAY);
    // 1 January 1970 was a Thursday.
    const week = Math.floor((day + 3) / 7);
    if ((week + 1) * WEEK - 3 * DAY <= insertedAt - 365 * DAY) return `${thingId} week ${week}`;
    if ((day + 1) * DAY <= insertedAt - 7 * DAY) return `${thingId} day ${day}`;
    return `${thingId} hour ${at.getTime() / HOUR}`;
  };
  return [...new Map(all.map((row) => [group(row), row])).values()];
}

// This test comes first, because Postgres counts all reads since the beginning. It reports them up to ten
// seconds late.
itOnPostgres('reads about one row a thing to find the ranks of a day ago', async () => {
  await sql`
    insert into standings (thing_id, topic_id, rank, low, high, top_chance, is_level_with_next)
    select id, topic_id, 1, 1, 1, 1, false from things`.execute(site.db);
  await sql`analyze`.execute(site.db);
  expect((await readStatistics()).scans).toBe(0);
  await updatePreviousRanks(site.db);
  while ((await readStatistics()).scans === 0) await sleep(100);
  expect((await readStatistics()).rows).toBeLessThan(10 * ids.length);
});

it('keeps every hour for a week, every day for a year, and every week before that', async () => {
  const before = await rows();
  const charts = await Promise.all(ids.map((id) => readRankHistory(site.db, id)));

  for (let call = 0; call < 99; call++)
    expect(await thinHistory(site.db, { batchSize: 3, timeLimitMs: 0 })).toBe(false);
  expect(await thinHistory(site.db, { timeLimitMs: Infinity })).toBe(true);
  const after = await rows();
  expect(after).toEqual(remainingRows(before));
  expect(after.length).toBeLessThan(before.length / 5);
  expect(await thinHistory(site.db)).toBe(true);
  expect(await rows()).toEqual(after);

  const thinned = await Promise.all(ids.map((id) => readRankHistory(site.db, id)));
  // The charts of these things show days, so thinning changes nothing.
  expect(thinned.slice(2)).toEqual(charts.slice(2));
  for (const [thing, chart] of thinned.entries()) {
    const remaining = after
      .filter(({ thingId }) => thingId === ids[thing])
      .map(({ thingId, ...rank }) => rank);
    expect(remaining).toEqual(expect.arrayContaining(chart));
    expect(chart.at(-1)).toEqual(charts[thing]?.at(-1));
    expect(Math.abs(chart.length - (charts[thing]?.length ?? 0))).toBeLessThanOrEqual(2);
  }
});

it('thins only the rows that became due since the last call', async () => {
  const daysAgo = (days: number): Date => new Date((Math.floor(insertedAt / DAY) - days) * DAY);
  const row = { thingId: ids[0] as number, rank: 1, low: 1, high: 2 };
  const [late, early] = [daysAgo(10), daysAgo(20)];
  await site.db
    .insertInto('ratingHistory')
    .values([
      { ...row, at: late },
      { ...row, at: early },
    ])
    .execute();
  const has = async (at: Date) =>
    (await rows()).some((row) => row.thingId === ids[0] && +row.at === at.getTime());
  await thinHistory(site.db);
  expect([await has(late), await has(early)]).toEqual([true, true]);

  // The state from before the later row was due.
  await site.db
    .updateTable('historyThinning')
    .set({ begins: daysAgo(12) })
    .where('step', '=', 'day')
    .execute();
  const ranker = startRanker(site.db, inject('postgres') !== undefined, createLog('silent'));
  while (await has(late)) await sleep(20);
  await ranker.stop();
  expect(await has(early)).toBe(true);
});

/** How often the history was scanned and how many of its rows were read, as far as Postgres has counted. */
async function readStatistics(): Promise<{ scans: number; rows: number }> {
  const { rows } = await sql<{ scans: number; rows: number }>`
    select (seq_scan + idx_scan)::int as scans, (seq_tup_read + idx_tup_fetch)::int as rows
    from pg_stat_user_tables where relname = 'rating_history'`.execute(site.db);
  return rows[0] ?? { scans: 0, rows: 0 };
}
