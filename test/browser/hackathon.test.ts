import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import decodeQR from 'qr/decode.js';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { type MadeTopic, makeTopic } from '../organize/made-topic.js';
import { type Browser, FIREFOX, HTMX, pairOn, read, useSite, visit } from '../site.js';
import { expectNoSidewaysScroll, expectNoViolations, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

const screenshots = join(import.meta.dirname, 'screenshots');
const PHONE = { width: 375, height: 553 };
const PROJECTOR = { width: 1920, height: 1080 };

beforeAll(() => mkdirSync(screenshots, { recursive: true }));

const TRACKS = ['Health', 'Climate', 'Games'];
const PROJECTS = 40;
const JUDGES = 30;
const VOTES_EACH = 20;

const PROJECT_TABLE = [
  'name,team,location,tags',
  ...Array.from(
    { length: PROJECTS },
    (_, index) => `Project ${index + 1},Team ${index + 1},${index + 1},${TRACKS[index % 3]}`,
  ),
].join('\n');

const numberOf = (project: string): number => Number(project.replace('Project ', ''));

/** A judge with the browser of their phone. */
interface Judge {
  name: string;
  team: string;
  phone: Browser;
  /** The page that they have on the screen. */
  html: string;
  votes: number;
}

it('runs a hackathon from the projects to the reveal', async () => {
  const made = await makeTopic(site, { things: PROJECT_TABLE, access: 'invited', title: 'Hack day' });
  const { browser, manage, slug } = made;
  const path = `/topics/${slug}`;
  await saveSettings(made);
  await browser.post(`${manage}/open`).expect(303);

  const judges = await inviteJudges(made, JUDGES);
  const started = performance.now();
  await Promise.all(judges.map((judge) => voteTimes(judge, path, VOTES_EACH / 2)));
  let voting = performance.now() - started;

  // A pause. One judge has a pair on the phone. Another opens the page now, waits, and goes on with the same pair.
  const [waiting, looking] = judges as [Judge, Judge];
  const pairBefore = pairOn(waiting.html);
  const pressed = await openAs(looking.phone, { viewport: PHONE });
  await pressed.goto(`${path}/vote`);
  await browser.post(`${manage}/pause`).expect(303);
  const phone = await openAs(waiting.phone, { viewport: PHONE });
  await phone.goto(`${path}/vote`);
  await phone.getByRole('heading', { name: 'Voting is paused' }).waitFor();
  await expectNoViolations(phone, 'a pause');
  const late = {
    things: 'name,team,location,tags\nProject 41,Team 41,41,Health\nProject 42,Team 42,42,Games',
  };
  await browser
    .post(`${manage}/things/new`)
    .type('form')
    .send({ ...late, action: 'add' })
    .expect(303);
  const [newcomer] = (await inviteJudges(made, 1, JUDGES)) as [Judge];
  expect(newcomer.html).toContain('Voting is paused');
  await browser.post(`${manage}/resume`).expect(303);
  await phone.locator('#choose-left').waitFor();
  const names = await phone.locator('.choice .name').allTextContents();
  expect(names.sort()).toEqual([pairBefore.left, pairBefore.right].sort());
  await expectNoSidewaysScroll(phone);
  await phone.screenshot({ path: join(screenshots, 'hackathon-phone.png') });
  const before = await countVotes(made);
  await pressed.locator('#choose-left').click();
  await pressed.getByText('you chose').first().waitFor({ state: 'attached' });
  expect(await countVotes(made)).toBe(before + 1);
  for (const judge of [looking, newcomer])
    judge.html = (await judge.phone.get(`${path}/vote`).expect(200)).text;

  const again = performance.now();
  await Promise.all([...judges, newcomer].map((judge) => voteTimes(judge, path, VOTES_EACH / 2)));
  voting += performance.now() - again;
  await site.rank();
  const lateVotes = await site.db
    .selectFrom('things')
    .innerJoin('ratings', 'ratings.thingId', 'things.id')
    .where('things.topicId', '=', made.id)
    .where('name', 'in', ['Project 41', 'Project 42'])
    .select(['wins', 'losses'])
    .execute();
  // Newcomers catch up: each was seen at least as often as the rule of the walk says.
  for (const { wins, losses } of lateVotes) expect(wins + losses).toBeGreaterThanOrEqual(3);

  const track = read((await browser.get(`${path}/top?tag=Health`).expect(200)).text);
  const shown = track('tbody .name')
    .toArray()
    .map((name) => numberOf(track(name).text()));
  expect(shown.length).toBeGreaterThan(5);
  expect(shown.every((number) => number === 41 || number % 3 === 1)).toBe(true);

  await showRoom(made, path);
  await setApart(made, 'Judge 30');
  await browser.post(`${manage}/close`).expect(303);
  await site.rank();
  const board = site.boards.byTopic(made.id);
  expect(board?.standings.slice(0, 10).filter(({ name }) => numberOf(name) <= 12).length).toBeGreaterThan(4);
  await reveal(path, made, board?.standings[0]?.name ?? '');
  const settled = Math.round(100 * (board?.expectedShare ?? 0));
  const votes = await countVotes(made);
  expect(votes).toBe(JUDGES * VOTES_EACH + VOTES_EACH / 2 + 1);
  console.info(
    `${votes} votes of ${JUDGES + 1} judges on ${PROJECTS + 2} projects: ${settled} % of the goal settled,`,
    `${(voting / (votes - 1)).toFixed(1)} ms a vote with the next pair`,
  );
});

async function saveSettings({ browser, manage }: MadeTopic): Promise<void> {
  const $ = read((await browser.get(`${manage}/settings`).expect(200)).text);
  const fields = Object.fromEntries(
    $('main form')
      .serializeArray()
      .map(({ name, value }) => [name, value]),
  );
  const form = { ...fields, goal: 'top', top: '3', 'in-person': '1', visits: '3', results: 'after closing' };
  await browser.post(`${manage}/settings`).type('form').send(form).expect(303);
}

/** How many votes of a topic stand. */
async function countVotes({ id }: MadeTopic): Promise<number> {
  const votes = site.db.selectFrom('votes').where('topicId', '=', id).where('withdrawnAt', 'is', null);
  return (await votes.select('id').execute()).length;
}

/**
 * Invites judges, each from the team of a project, who join by their personal links. One of them scans the printed code.
 * @param first how many judges there are already
 */
async function inviteJudges({ browser, manage }: MadeTopic, count: number, first = 0): Promise<Judge[]> {
  const names = Array.from({ length: count }, (_, index) => {
    const number = first + index + 1;
    return `Judge ${number}, Team ${number}`;
  });
  await browser
    .post(`${manage}/voters`)
    .type('form')
    .send({ names: names.join('\n') })
    .expect(303);
  const sheet = read((await browser.get(`${manage}/voters/sheet`).expect(200)).text);
  expect(sheet('.sheet .qr')).toHaveLength(count);
  const scanned = await scanSheet(browser, `${manage}/voters/sheet`);
  const { text } = await browser.get(`${manage}/voters/links.csv`).expect(200);
  const rows = text
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split(','));
  return Promise.all(
    rows.map(async ([name = '', team = '', url = '']) => {
      if (name === scanned.name) expect(scanned.url).toBe(url);
      const phone = visit(site);
      const { headers } = await phone.post(new URL(url).pathname).expect(303);
      const { text: html } = await phone.get(String(headers.location)).expect(200);
      return { name, team, phone, html, votes: 0 };
    }),
  );
}

/** Prints the sheet of personal links, and reads its first QR code as the camera of a phone does. */
async function scanSheet(organiser: Browser, path: string): Promise<{ name: string | null; url: string }> {
  const page = await openAs(organiser, { viewport: { width: 1000, height: 1400 } });
  await page.goto(path);
  await page.emulateMedia({ media: 'print' });
  await page.screenshot({ path: join(screenshots, 'hackathon-sheet.png') });
  const code = await page.locator('.sheet .qr').first().screenshot();
  const { data, info } = await sharp(code).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return {
    name: await page.locator('.sheet .name').first().textContent(),
    url: decodeQR({ width: info.width, height: info.height, data }),
  };
}

/** Looks at the panel and the large screen before voting ends. */
async function showRoom({ browser, manage }: MadeTopic, path: string): Promise<void> {
  const panel = await openAs(browser, { viewport: { width: 1280, height: 900 } });
  await panel.goto(`${manage}/judges`);
  await panel.getByText('Judge 31').first().waitFor();
  await panel.screenshot({ path: join(screenshots, 'hackathon-panel.png') });
  const screen = await openAs(browser, { viewport: PROJECTOR });
  await screen.goto(`${path}/screen`);
  await screen.locator('#board [data-rank]').nth(9).waitFor();
  await screen.screenshot({ path: join(screenshots, 'hackathon-screen.png') });
}

/** Has a judge vote: mostly for the project with the lower number, and never on their own. */
async function voteTimes(judge: Judge, path: string, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn++) {
    const { ballot, left, right } = pairOn(judge.html);
    expect([left, right]).not.toContain(judge.team.replace('Team', 'Project'));
    const isLeftBetter = numberOf(left) < numberOf(right);
    const isSure = (judge.votes + numberOf(judge.team.replace('Team', 'Project'))) % 6 > 0;
    const choice = isLeftBetter === isSure ? 'left' : 'right';
    const answer = await judge.phone.post(`${path}/vote`).set(HTMX).type('form').send({ ballot, choice });
    expect(answer.status).toBe(200);
    judge.html = answer.text;
    judge.votes++;
  }
}

/** Opens a window with the cookies of somebody's browser. A session belongs to the browser in which it began. */
async function openAs(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const { page } = await chromium.open(site, { userAgent: FIREFOX, ...options });
  await takeCookies(page, browser);
  return page;
}

async function takeCookies(page: Page, browser: Browser): Promise<void> {
  const { hostname } = new URL(site.origin);
  const cookies = browser.jar.getCookies({ domain: hostname, path: '/', secure: false, script: false });
  await page
    .context()
    .addCookies([...cookies].map(({ name, value }) => ({ name, value, domain: hostname, path: '/' })));
}

async function setApart({ browser, manage }: MadeTopic, judge: string): Promise<void> {
  const $ = read((await browser.get(`${manage}/judges`).expect(200)).text);
  const entry = $('.judges > li').filter((_, element) => $(element).find('bdi').first().text() === judge);
  const form = entry.find('form[action$="/set-apart"]');
  const field = String(form.find('button').first().attr('name'));
  await browser
    .post(String(form.attr('action')))
    .type('form')
    .send({ [field]: '1' })
    .expect(303);
  expect((await browser.get(`${manage}/judges`)).text).toContain('set apart');
}

/** Reveals the ranking on a large screen, with a remote control. */
async function reveal(path: string, { browser }: MadeTopic, winner: string): Promise<void> {
  const { page, complaints } = await chromium.open(site, { viewport: PROJECTOR, userAgent: FIREFOX });
  await takeCookies(page, browser);
  await page.goto(`${path}/screen`);
  await page.locator('.screen-side').getByText('Voting has ended').waitFor();
  await page.getByRole('link', { name: 'Reveal from last to first' }).click();
  await page.getByText('The votes are in.').waitFor();
  for (const rank of ['10th', '9th', '8th', '7th', '6th', '5th', '4th', '3rd', '2nd', '1st']) {
    await page.keyboard.press('PageDown');
    await page.locator('h1').getByText(`${rank}:`).waitFor();
  }
  await expectNoViolations(page, 'the winner');
  await expectNoSidewaysScroll(page);
  expect(await page.locator('h1 bdi').textContent()).toBe(winner);
  expect(await page.locator('.reveal .name').count()).toBe(10);
  expect(complaints).toEqual([]);
}
