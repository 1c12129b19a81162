import { expect, it } from 'vitest';
import { makeTopic } from '../organize/made-topic.js';
import { HTMX, pairOn, read, useSite, visit } from '../site.js';
import { expectNoSidewaysScroll, useChromium } from './chromium.js';

const site = useSite({ rateLimits: 1, trustProxy: 1 });
const chromium = useChromium();

const ESSAYS = 25;
const PUPILS = 25;
const VOTES_EACH = 16;
/** The class sits behind one address. */
const SCHOOL = '203.0.113.40';

it('lets a class of 25 join by code behind one address, and vote on 25 essays', async () => {
  const names = Array.from({ length: ESSAYS }, (_, index) => `Essay ${index + 1}`);
  const made = await makeTopic(site, { things: names.join('\n'), title: 'Our essays' });
  const { browser, manage, slug } = made;
  await browser.post(`${manage}/open`).expect(303);
  await browser.post(`${manage}/code`).expect(303);
  const code = read((await browser.get(manage)).text)('.code').text();

  // One pupil, on a phone.
  const { page, complaints } = await chromium.open(site, {
    viewport: { width: 375, height: 553 },
    extraHTTPHeaders: { 'X-Forwarded-For': SCHOOL },
  });
  await page.goto('/join');
  await page.getByLabel('Code').fill(code.toLowerCase());
  await page.getByRole('button', { name: 'Join' }).click();
  await page.waitForURL(`**/topics/${slug}/vote`);
  await page.waitForTimeout(400);
  await page.locator('#choose-left').click();
  await page.getByText('you chose').first().waitFor({ state: 'attached' });
  await expectNoSidewaysScroll(page);

  // The others, at the same time. They agree for the most part.
  const better = ({ left, right }: { left: string; right: string }, turn: number): string => {
    const number = (name: string): number => Number(name.replace('Essay ', ''));
    return number(left) < number(right) === turn % 5 > 0 ? 'left' : 'right';
  };
  const started = performance.now();
  await Promise.all(
    Array.from({ length: PUPILS - 1 }, async (_, pupil) => {
      const phone = visit(site).set('X-Forwarded-For', SCHOOL);
      const { headers } = await phone.post('/join').type('form').send({ code }).expect(303);
      const path = String(headers.location);
      let { text } = await phone.get(path).expect(200);
      for (let turn = 0; turn < VOTES_EACH; turn++) {
        const pair = pairOn(text);
        const form = { ballot: pair.ballot, choice: better(pair, pupil + turn) };
        ({ text } = await phone.post(path).set(HTMX).type('form').send(form).expect(200));
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await site.rank();

  const stored = await site.db
    .selectFrom('votes')
    .leftJoin('voteWeights', 'voteId', 'votes.id')
    .where('topicId', '=', made.id)
    .select(({ fn, val }) => [
      fn.countAll<string>().as('votes'),
      fn.sum<number>(fn.coalesce('weight', val(1))).as('weight'),
    ])
    .executeTakeFirstOrThrow();
  const votes = 1 + (PUPILS - 1) * VOTES_EACH;
  // Each vote counts in full, though all come from one address.
  expect([Number(stored.votes), Number(stored.weight)]).toEqual([votes, votes]);
  const board = site.boards.byTopic(made.id);
  const leading = board?.standings.slice(0, 10).map(({ name }) => Number(name.replace('Essay ', ''))) ?? [];
  expect(leading.filter((number) => number <= 13).length).toBeGreaterThan(6);
  await page.goto(`/topics/${slug}/screen`);
  await page.locator('.screen-figures').getByText(String(votes)).waitFor();
  const settled = Math.round(100 * (board?.expectedShare ?? 0));
  console.info(
    `${votes} votes of ${PUPILS} people on ${ESSAYS} things: ${settled} % of the goal settled,`,
    `${((1000 * seconds) / votes).toFixed(1)} ms a vote with the next pair`,
  );
  expect(complaints).toEqual([]);
});
