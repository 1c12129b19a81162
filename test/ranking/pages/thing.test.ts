import { Readable } from 'node:stream';
import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { read, thingNames, topic, useSite, visit } from '../../site.js';

const site = useSite();

beforeAll(async () => {
  await topic(site, { names: thingNames(12) });
});

/** Imports votes on things by their numbers: "3>4" is a win, and "3=4" is "about the same". */
async function importAnswers(...answers: string[]): Promise<void> {
  const rows = answers.map((answer, index) => {
    const [one, other] = answer.split(/[>=]/);
    const outcome = answer.includes('=') ? 'tie' : 'win';
    return `Thing ${one},Thing ${other},${outcome},2026-01-01T00:00:${String(index % 60).padStart(2, '0')}Z`;
  });
  await importVotes(site.db, Readable.from([`winner,loser,outcome,at\n${rows.join('\n')}\n`]), {
    slug: 'foods',
  });
  await site.rank();
}

const idOf = async (number: number): Promise<number> =>
  (
    await site.db
      .selectFrom('things')
      .where('name', '=', `Thing ${number}`)
      .select('id')
      .executeTakeFirstOrThrow()
  ).id;

const openPage = async (number: number) =>
  read(
    (
      await visit(site)
        .get(`/things/${await idOf(number)}`)
        .expect(200)
    ).text,
  );

/** Adds a rank to a thing's history, at an hour (UTC) of an earlier day. */
async function addPastRank(
  number: number,
  { daysAgo, hour, rank }: { daysAgo: number; hour: number; rank: number },
  [low, high]: [number, number] = [1, 12],
): Promise<void> {
  const at = new Date();
  at.setUTCDate(at.getUTCDate() - daysAgo);
  at.setUTCHours(hour, 0, 0, 0);
  await site.db
    .insertInto('ratingHistory')
    .values({ thingId: await idOf(number), at, rank, low, high })
    .execute();
}

it('shows no rank, no chart and no record before the first vote', async () => {
  const $ = await openPage(1);
  expect($('main').text()).toContain('No votes yet');
  expect($('.facts, .chart, .record')).toHaveLength(0);
});

it('shows a new thing’s facts without a score, and no chart in its first two days', async () => {
  await importAnswers('1>2');
  await addPastRank(1, { daysAgo: 1, hour: new Date().getUTCHours(), rank: 3 });
  const $ = await openPage(1);
  expect($('.facts').text().replace(/\s+/g, ' ')).toContain('no score yetNew');
  expect($('main').text()).toContain('each time ten or more people have voted');
  expect($('.chart, .range-bar')).toHaveLength(0);
});

it('draws the rank over time with its range, and shows it in words and in a table', async () => {
  await addPastRank(2, { daysAgo: 30, hour: 9, rank: 3 });
  await addPastRank(2, { daysAgo: 20, hour: 9, rank: 9 }, [4, 12]);
  await addPastRank(2, { daysAgo: 10, hour: 9, rank: 11 }, [5, 12]);
  await addPastRank(2, { daysAgo: 10, hour: 10, rank: 7 }, [5, 9]);
  const $ = await openPage(2);
  expect($('#course-sentence').text().replace(/\s+/g, ' ')).toMatch(/^It went from 3rd on .+ to 12th now\.$/);
  const rows = $('.course + details tbody tr')
    .map((_index, row) => $(row).find('td').text())
    .get();
  // Of the two ranks on one day, the last one counts.
  expect(rows).toHaveLength(4);
  expect(rows.slice(1)).toEqual(['7th5th–9th', '9th4th–12th', '3rd1st–12th']);
  const heights = [...($('.chart-line').attr('d') ?? '').matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) =>
    Number(y),
  );
  expect(heights[0]).toBeLessThan(heights.at(-1) ?? 0);
  expect($('.chart-band').attr('d')?.match(/M/g)).toHaveLength(1);
  expect($('.chart-grid').length).toBeGreaterThan(2);
  expect($('.chart-grid').length).toBeLessThanOrEqual(6);
  expect($('style, [style]')).toHaveLength(0);
});

it('shows the hour when several points are on one day', async () => {
  await addPastRank(12, { daysAgo: 20, hour: 9, rank: 4 });
  await addPastRank(12, { daysAgo: 20, hour: 10, rank: 5 });
  const $ = await openPage(12);
  const times = $('.course + details tbody th')
    .map((_index, cell) => $(cell).text().trim())
    .get();
  expect(times).toEqual([
    'Now',
    expect.stringMatching(/, 10:00 UTC$/),
    expect.stringMatching(/, 09:00 UTC$/),
  ]);
});

it('thins a long history to about sixty points', async () => {
  await sql`
    insert into rating_history (thing_id, at, rank, low, high)
    select ${await idOf(3)}::bigint, date_trunc('hour', now()) - hours * interval '1 hour', 1 + hours % 12, 1, 12
    from generate_series(1, 3000) as hours`.execute(site.db);
  await importAnswers('3>4');
  const $ = await openPage(3);
  const points = $('.course + details tbody tr').length;
  expect(points).toBeGreaterThan(35);
  expect(points).toBeLessThan(66);
});

it('stores the range of each rank in the history', async () => {
  const standing = site.boards.default().find(await idOf(1));
  const latest = await site.db
    .selectFrom('ratingHistory')
    .where('thingId', '=', await idOf(1))
    .select(['rank', 'low', 'high'])
    .orderBy('at', 'desc')
    .executeTakeFirst();
  expect(latest).toEqual({ rank: standing?.rank, low: standing?.low, high: standing?.high });
});

it('shows the record against the neighbours and the things met most, without skips', async () => {
  const chain = Array.from({ length: 11 }, (_, index) => index + 1).flatMap((number) =>
    Array.from({ length: 6 }, () => `${number}>${number + 1}`),
  );
  await importAnswers(...chain, '5=6', '5=6', '6>5');
  await sql`
    insert into votes (ballot_id, topic_id, left_id, right_id, outcome, strategy)
    select gen_random_uuid(), topic_id, id, ${await idOf(6)}::bigint, 'skip', 'focus'
    from things where name = 'Thing 5'`.execute(site.db);
  const $ = await openPage(5);
  const row = $('.record tbody tr').filter(
    (_index, element) => $(element).find('.name').text() === 'Thing 6',
  );
  expect(
    row
      .find('td')
      .map((_index, cell) => $(cell).text().trim())
      .get(),
  ).toEqual(['6', '1', '2']);
  expect($('.record').text()).toContain('just above');
  expect($('.record').text()).toContain('no match-ups');
  expect($('.neighbours a').last().attr('href')).toBe(`/ranking?page=1#thing-${await idOf(5)}`);
});

it('shows the best wins and the worst losses after three match-ups', async () => {
  const tiles = async (number: number, id: string) =>
    (await openPage(number))(`#${id} + .gallery .tile`)
      .map((_index, tile) =>
        [...read('')(tile).find('.name, .note')].map((part) => read('')(part).text()).join(' '),
      )
      .get();
  // It has beaten only Thing 12, which is still new.
  expect(await tiles(11, 'best')).toEqual([]);
  await importAnswers('11>2', '11>2', '11=2', '11>1', '11>1');
  // Only five voters are new, so the record has not changed yet.
  expect(await tiles(11, 'best')).toEqual([]);
  await importAnswers('8>9', '8>9', '8>9', '8>9', '8>9');
  expect(await tiles(11, 'best')).toEqual(['Thing 2 won 2 of 3']);
  expect(await tiles(2, 'worst')).toEqual(['Thing 11 lost 2 of 3']);
});

it('keeps the page and the chart of a retired thing', async () => {
  const id = await idOf(2);
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('id', '=', id).execute();
  await sql`update boards set version = version + 1`.execute(site.db);
  await site.boards.refresh();
  const $ = await openPage(2);
  expect($('main').text()).toContain('removed');
  expect($('#course-sentence').text()).not.toContain('now');
  expect($('.record')).toHaveLength(0);
  await visit(site)
    .get(`/things/${await idOf(1)}`)
    .expect(200);
});
