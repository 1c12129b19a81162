import { Readable } from 'node:stream';
import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { read, thingNames, topic, useSite, visit } from '../../site.js';

const site = useSite();

beforeAll(async () => {
  await topic(site, { names: thingNames(12) });
});

/** Imports votes between things by their numbers; "3=4" is "about the same". */
async function answers(...given: string[]): Promise<void> {
  const rows = given.map((answer, index) => {
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

const pageOf = async (number: number) =>
  read(
    (
      await visit(site)
        .get(`/things/${await idOf(number)}`)
        .expect(200)
    ).text,
  );

/** Puts a thing where it was at an hour of an earlier day. */
async function past(
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

it('has words in the place of a course and a record that there are not', async () => {
  const $ = await pageOf(1);
  expect($('.chart')).toHaveLength(0);
  expect($('.blank').first().text()).toContain('begins with its first vote');
  expect($('.blank').last().text()).toContain('when ten more people have voted');
});

it('draws a single point as a beginning', async () => {
  await answers('1>2');
  const $ = await pageOf(1);
  expect($('.chart').attr('aria-hidden')).toBe('true');
  expect($('#course-sentence').text()).toBe('Its line begins here, at place 1.');
  expect($('details')).toHaveLength(0);
});

it('draws the place over time with its range, the first place on top, and says it in words and figures', async () => {
  await past(2, { daysAgo: 30, hour: 9, rank: 3 });
  await past(2, { daysAgo: 20, hour: 9, rank: 9 }, [4, 12]);
  await past(2, { daysAgo: 10, hour: 9, rank: 11 }, [5, 12]);
  await past(2, { daysAgo: 10, hour: 10, rank: 7 }, [5, 9]);
  const $ = await pageOf(2);
  expect($('#course-sentence').text()).toMatch(/^It went from 3rd on .+ to 12th now\.$/);
  const rows = $('details tbody tr')
    .map((_index, row) => $(row).find('td').text())
    .get();
  // Of a day, the last.
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

it('tells the points of one day apart by the hour', async () => {
  await past(12, { daysAgo: 20, hour: 9, rank: 4 });
  await past(12, { daysAgo: 20, hour: 10, rank: 5 });
  const $ = await pageOf(12);
  const when = $('details tbody th')
    .map((_index, cell) => $(cell).text())
    .get();
  expect(when).toEqual(['Now', expect.stringMatching(/, 10:00$/), expect.stringMatching(/, 09:00$/)]);
});

it('thins a long history to about sixty points', async () => {
  await sql`
    insert into rating_history (thing_id, at, rank, low, high)
    select ${await idOf(3)}::bigint, date_trunc('hour', now()) - hours * interval '1 hour', 1 + hours % 12, 1, 12
    from generate_series(1, 3000) as hours`.execute(site.db);
  await answers('3>4');
  const $ = await pageOf(3);
  const points = $('details tbody tr').length;
  expect(points).toBeGreaterThan(35);
  expect(points).toBeLessThan(66);
});

it('keeps in the history how far each place could be trusted', async () => {
  const standing = site.boards.default().find(await idOf(1));
  const latest = await site.db
    .selectFrom('ratingHistory')
    .where('thingId', '=', await idOf(1))
    .select(['rank', 'low', 'high'])
    .orderBy('at', 'desc')
    .executeTakeFirst();
  expect(latest).toEqual({ rank: standing?.rank, low: standing?.low, high: standing?.high });
});

it('counts a thing’s meetings with those it met most and with its neighbours, without skips', async () => {
  const ladder = Array.from({ length: 11 }, (_, index) => index + 1).flatMap((number) =>
    Array.from({ length: 6 }, () => `${number}>${number + 1}`),
  );
  await answers(...ladder, '5=6', '5=6', '6>5');
  await sql`
    insert into votes (ballot_id, topic_id, left_id, right_id, outcome, strategy)
    select gen_random_uuid(), topic_id, id, ${await idOf(6)}::bigint, 'skip', 'focus'
    from things where name = 'Thing 5'`.execute(site.db);
  const $ = await pageOf(5);
  const row = $('.record tbody tr').filter((_index, one) => $(one).find('.name').text() === 'Thing 6');
  expect(
    row
      .find('td')
      .map((_index, cell) => $(cell).text())
      .get(),
  ).toEqual(['6', '1', '2']);
  expect($('.record').text()).toContain('just above');
  expect($('.record').text()).toContain('never met');
  expect($('.neighbours a').last().attr('href')).toBe(`/ranking?page=1#thing-${await idOf(5)}`);
});

it('tells whom it beats against the odds, and who beats it, from three meetings on', async () => {
  expect((await pageOf(11)).text()).not.toContain('beats Thing');
  await answers('11>2', '11>2', '11=2', '11>1', '11>1');
  // These are the votes of five; the other figures are as they were, too.
  expect((await pageOf(11))('.surprises').text()).not.toContain('beats Thing 2');
  await answers('8>9', '8>9', '8>9', '8>9', '8>9');
  const surprises = (await pageOf(11))('.surprises').text().replace(/\s+/g, ' ');
  expect(surprises).toMatch(/It beats Thing 2 2 to 0 in 3 meetings from \d+ places below/);
  expect(surprises).not.toContain('Thing 1 ');
  expect((await pageOf(2))('.surprises').text()).toMatch(
    /Thing 11 beats it 2 to 0 in 3 meetings from \d+ places/,
  );
});

it('keeps the page and the course of what was taken down', async () => {
  const id = await idOf(2);
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('id', '=', id).execute();
  await sql`update boards set version = version + 1`.execute(site.db);
  await site.boards.refresh();
  const $ = await pageOf(2);
  expect($('article').text()).toContain('taken down');
  expect($('#course-sentence').text()).not.toContain('now');
  expect($('.record')).toHaveLength(0);
  await visit(site)
    .get(`/things/${await idOf(1)}`)
    .expect(200);
});
