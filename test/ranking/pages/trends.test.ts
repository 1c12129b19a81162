import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { openSite, rateInOrder, read, type Site, topic, useSite, visit } from '../../site.js';

const site = useSite();

/** The rows of the Top 20 that have a line of their ranks. */
const linesOn = async (site: Site): Promise<string[]> => {
  const $ = read((await visit(site).get('/top').expect(200)).text);
  return $('tbody tr')
    .toArray()
    .filter((row) => $(row).find('.trend path').length > 0)
    .map((row) => $(row).find('.name').text());
};

it('draws how the ranks of the leading things moved, once that is known for three days', async () => {
  await topic(site);
  await rateInOrder(site);
  expect(await linesOn(site)).toEqual([]);
  await sql`
    insert into rating_history (thing_id, at, rank, low, high)
    select id, now() - day * interval '1 day', 1 + (id + day) % 4, 1, 4 from things, generate_series(1, 5) as day
    where name in ('Ramen', 'Pizza')`.execute(site.db);
  // Another process has read nothing yet.
  const other = await openSite({}, { storesOf: site });
  expect(await linesOn(other)).toEqual(['Ramen', 'Pizza']);
  const $ = read((await visit(other).get('/top')).text);
  await other.close();
  expect($('.trend path').first().attr('d')).toMatch(/^M0 \d+L/);
  expect($('th.trend').text()).toBe('14 days');
});
