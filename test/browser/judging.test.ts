import { sql } from 'kysely';
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type MadeTopic, makeTopic, reload } from '../organize/topics.js';
import { useSite } from '../site.js';
import { expectNoSidewaysScroll, expectNoViolations, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

const PHONE = { width: 375, height: 553 };
const modes = [
  { name: 'with a script', script: true },
  { name: 'without a script', script: false },
];

/** Makes a topic whose voters may leave notes for the teams. */
async function makeJury(): Promise<MadeTopic> {
  const topic = await makeTopic(site, { things: 8, title: 'Science fair' });
  await site.db.updateTable('topics').set({ notes: 'teams' }).where('id', '=', topic.id).execute();
  await reload(site);
  return topic;
}

/** Has five guests vote on 14 pairs each, by SQL. */
async function castVotes({ id }: MadeTopic): Promise<void> {
  await sql`
    with judges as (insert into voters (kind, network_group)
      select 'guest', md5(number::text) || md5(random()::text) from generate_series(1, 5) as number returning id)
    insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, strategy, shown_at)
    select gen_random_uuid(), ${id}, judges.id, l.id, r.id, case when random() < 0.7 then 'left' else 'right' end, 'focus',
      now() - interval '5 seconds'
    from judges join things as l on l.topic_id = ${id} join things as r on r.topic_id = ${id} and l.id < r.id
    where (l.id + r.id) % 2 = 0 or l.id % 4 = 0`.execute(site.db);
  await site.rank();
}

async function expectGood(page: Page, script: boolean): Promise<void> {
  await expectNoSidewaysScroll(page);
  // axe needs JavaScript.
  if (script) await expectNoViolations(page, page.url());
}

/** Expects that a thumb reaches a button: it is on the screen, and nothing covers it. */
async function expectInReach(button: Locator): Promise<void> {
  const box = await button.boundingBox();
  expect(box?.y).toBeGreaterThanOrEqual(0);
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(PHONE.height);
  await button.click({ trial: true });
}

it.each(modes)('leaves a note with a vote on a phone: $name', async ({ script }) => {
  const topic = await makeJury();
  const { page, complaints } = await chromium.open(site, { javaScriptEnabled: script, viewport: PHONE });
  await page.goto(`${topic.path}/vote`);
  const answers = ['#choose-left', '#choose-right', '#choose-tie', '#choose-skip'].map((id) =>
    page.locator(id),
  );
  for (const answer of answers) await expectInReach(answer);
  await page.getByText('Add a note').click();
  await expectGood(page, script);
  for (const answer of answers) await expectInReach(answer);
  // Neither Enter nor a shortcut key votes while somebody types.
  const field = page.getByLabel('Note for the two teams and the organisers');
  await field.fill('The wheel');
  await field.press('Enter');
  await field.press('ArrowLeft');
  await field.press('s');
  expect(await field.inputValue()).toContain('The wheel');
  await page.waitForTimeout(400);
  await page.locator('#choose-left').click();
  await page.getByText('Your note is saved').waitFor();
  await page.getByText('Add a note').waitFor();
  expect(await page.locator('#note').isVisible()).toBe(false);
  expect(await page.locator('#note').inputValue()).toBe('');
  const notes = await site.db
    .selectFrom('voteNotes')
    .where('topicId', '=', topic.id)
    .select('note')
    .execute();
  expect(notes).toHaveLength(1);
  await expectGood(page, script);
  expect(complaints).toEqual([]);
});

it.each(modes)('reads notes, compares and sets a judge apart on a phone: $name', async ({ script }) => {
  const topic = await makeJury();
  await castVotes(topic);
  await sql`
    insert into vote_notes (vote_id, topic_id, note, readers, is_named)
    select id, topic_id, 'A clear poster, and the wheel really turns. ' || id, 'teams', false
    from votes where topic_id = ${topic.id} limit 4`.execute(site.db);
  const { page, complaints } = await chromium.open(site, { javaScriptEnabled: script, viewport: PHONE });
  await page.goto('/login');
  await page.getByLabel('Name').fill(topic.owner.username);
  await page.getByLabel('Password', { exact: true }).fill(topic.owner.password);
  await page.locator('main').getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
  await page.goto(`${topic.path}/manage`);
  await page.getByRole('link', { name: 'Notes of voters' }).click();
  await page.getByRole('heading', { name: 'Notes of voters' }).waitFor();
  await expectGood(page, script);
  await page.getByRole('button', { name: 'Remove' }).first().click();
  await page.getByText('Removed. The vote stays.').waitFor();

  await page.goto(`${topic.path}/manage/judges`);
  await page.getByText('What these figures mean').click();
  await expectGood(page, script);
  await page.getByRole('checkbox', { name: 'Guest 2' }).check();
  const compare = page.getByRole('button', { name: 'Compare the ranking without them' });
  await expectInReach(compare);
  await compare.click();
  await page.getByRole('heading', { name: 'The ranking without them' }).waitFor();
  expect(await page.locator('tbody tr').count()).toBe(8);
  await expectGood(page, script);
  await page.getByRole('button', { name: 'Set this judge apart' }).click();
  await page.getByText('Set apart. The ranking follows').waitFor();
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await expectGood(page, script);
  await page.getByRole('button', { name: 'Count again the votes of Guest 2' }).click();
  await page.getByText('Those votes count again').waitFor();
  expect(complaints).toEqual([]);
});
