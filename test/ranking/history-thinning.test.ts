import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { beforeAll, expect, inject, it, vi } from 'vitest';
import { createLog } from '../../src/log.js';
import { type PastRank, ranksOverTime } from '../../src/ranking/boards/history.js';
import { thinHistory } from '../../src/ranking/ranker/history-thinning.js';
import { noteYesterday } from '../../src/ranking/ranker/previous-ranks.js';
import { startRanker } from '../../src/ranking/ranker/ranker-process.js';
import { itOnPostgres, topic, useSite } from '../site.js';

// Hundreds of days are thinned one by one.
vi.setConfig({ testTimeout: 180_000 });

const site = useSite();
const [HOUR, DAY, WEEK] = [3_600_000, 86_400_000, 7 * 86_400_000];
let ids: number[] = [];
/** When the rows were made up. */
let madeAt = 0;

beforeAll(async () => {
  await topic(site);
  ids = (await site.db.selectFrom('things').select('id').orderBy('id').execute()).map(({ id }) => id);
  madeAt = Date.now();
  await past(0, { days: 730, every: 1 });
  await past(1, { days: 730, every: 31 });
  await past(2, { days: 280, every: 2 });
  await past(3, { days: 3, every: 1 });
});

interface Row extends PastRank {
  thingId: number;
}

/** Makes up rows of a thing: one every so many hours, back to so many days ago. */
async function past(thing: number, { days, every }: { days: number; every: number }): Promise<void> {
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

/** What stays of the rows by the rule that the documentation gives. */
function kept(all: Row[]): Row[] {
  const group = ({ thingId, at }: Row): string => {
    const day = Math.floor(at.getTime() / DAY);
    // The first of January 1970 was a Thursday.
    const week = Math.floor((day + 3) / 7);
    if ((week + 1) * WEEK - 3 * DAY <= madeAt - 365 * DAY) return `${thingId} week ${week}`;
    if ((day + 1) * DAY <= madeAt - 7 * DAY) return `${thingId} day ${day}`;
    return `${thingId} hour ${at.getTime() / HOUR}`;
  };
  return [...new Map(all.map((row) => [group(row), row])).values()];
}

// The first test, because Postgres counts what was read from the beginning, and up to ten seconds later.
itOnPostgres('reads one row a thing to find out where each stood a day ago', async () => {
  await sql`
    insert into standings (thing_id, topic_id, rank, low, high, top_chance, is_level_with_next)
    select id, topic_id, 1, 1, 1, 1, false from things`.execute(site.db);
  await sql`analyze`.execute(site.db);
  expect((await rowsRead()).scans).toBe(0);
  await noteYesterday(site.db);
  while ((await rowsRead()).scans === 0) await sleep(100);
  expect((await rowsRead()).rows).toBeLessThan(10 * ids.length);
});

it('keeps of two years every hour of a week, every day of a year, and before that every week', async () => {
  const before = await rows();
  const charts = await Promise.all(ids.map((id) => ranksOverTime(site.db, id)));

  for (let call = 0; call < 99; call++)
    expect(await thinHistory(site.db, { batch: 3, forMs: 0 })).toBe(false);
  expect(await thinHistory(site.db, { forMs: Infinity })).toBe(true);
  const after = await rows();
  expect(after).toEqual(kept(before));
  expect(after.length).toBeLessThan(before.length / 5);
  expect(await thinHistory(site.db)).toBe(true);
  expect(await rows()).toEqual(after);

  const thinned = await Promise.all(ids.map((id) => ranksOverTime(site.db, id)));
  // Days are enough for what these show.
  expect(thinned.slice(2)).toEqual(charts.slice(2));
  for (const [thing, places] of thinned.entries()) {
    const own = after.filter(({ thingId }) => thingId === ids[thing]).map(({ thingId, ...place }) => place);
    expect(own).toEqual(expect.arrayContaining(places));
    expect(places.at(-1)).toEqual(charts[thing]?.at(-1));
    expect(Math.abs(places.length - (charts[thing]?.length ?? 0))).toBeLessThanOrEqual(2);
  }
});

it('reads only what has become due since the last time', async () => {
  const daysAgo = (days: number): Date => new Date((Math.floor(madeAt / DAY) - days) * DAY);
  const more = { thingId: ids[0] as number, rank: 1, low: 1, high: 2 };
  const [late, early] = [daysAgo(10), daysAgo(20)];
  await site.db
    .insertInto('ratingHistory')
    .values([
      { ...more, at: late },
      { ...more, at: early },
    ])
    .execute();
  const has = async (at: Date) =>
    (await rows()).some((row) => row.thingId === ids[0] && +row.at === at.getTime());
  await thinHistory(site.db);
  expect([await has(late), await has(early)]).toEqual([true, true]);

  // As it stood when the later one was not due yet.
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

/** How often and how much of the history was read, as far as the connections have told Postgres. */
async function rowsRead(): Promise<{ scans: number; rows: number }> {
  const { rows } = await sql<{ scans: number; rows: number }>`
    select (seq_scan + idx_scan)::int as scans, (seq_tup_read + idx_tup_fetch)::int as rows
    from pg_stat_user_tables where relname = 'rating_history'`.execute(site.db);
  return rows[0] ?? { scans: 0, rows: 0 };
}
