import { expect, it } from 'vitest';
import { member, pairOn, read, useSite, visit } from '../site.js';
import { eventsOf, flashOn, makeTopic } from './made-topic.js';
import { makeTopic as makeOpenTopic } from './topics.js';

const site = useSite({ trustProxy: 1 });

const codeOn = (html: string): string => read(html)('.code').first().text();

it('gives a topic a code that people type to vote, in any way they write it', async () => {
  const made = await makeTopic(site);
  await made.browser.post(`${made.manage}/open`).expect(303);
  await made.browser.post(`${made.manage}/code`).expect(303);
  const code = codeOn((await made.browser.get(made.manage).expect(200)).text);
  expect(code).toMatch(/^[2-9B-Z]{4} [2-9B-Z]{4}$/);
  const voter = visit(site);
  expect((await voter.get('/join').expect(200)).text).toContain('Join a vote');
  for (const typed of [code, code.toLowerCase(), ` ${code.replace(' ', '-')} `]) {
    const { headers } = await voter.post('/join').type('form').send({ code: typed }).expect(303);
    expect(headers.location).toBe(`/topics/${made.slug}/vote`);
  }
  await voter.get(`/topics/${made.slug}/vote`).expect(200);
});

it('says beside the field that a code is wrong or missing, and keeps what was typed', async () => {
  const voter = visit(site);
  for (const typed of ['BCDF 2345', 'nonsense', '']) {
    const $ = read((await voter.post('/join').type('form').send({ code: typed }).expect(422)).text);
    expect($('#code').val()).toBe(typed);
    expect($('#code').attr('aria-describedby')).toContain('code-error');
    expect($('#code-error').text()).toMatch(typed ? /no vote with this code/ : /Type the code/);
  }
});

it('lets a class mistype codes, and refuses a network that tries hundreds', async () => {
  const made = await makeTopic(site);
  await made.browser.post(`${made.manage}/code`).expect(303);
  const code = codeOn((await made.browser.get(made.manage)).text);
  const voter = visit(site);
  const statusesOf = async (typed: string, times: number) => {
    const type = async () => (await voter.post('/join').type('form').send({ code: typed })).status;
    return new Set(await Promise.all(Array.from({ length: times }, type)));
  };
  expect(await statusesOf('BCDF 2345', 40)).toEqual(new Set([422]));
  expect(await statusesOf(code, 1)).toEqual(new Set([303]));
  let statuses = new Set<number>();
  for (let crowd = 0; crowd < 40 && !statuses.has(429); crowd++) statuses = await statusesOf('BCDF 2345', 20);
  expect(await statusesOf(code, 1)).toEqual(new Set([429]));
});

it('forgets an old code, a code that is turned off, and that of a topic that needs invitations', async () => {
  const made = await makeTopic(site);
  const fresh = async (): Promise<string> => {
    await made.browser.post(`${made.manage}/code`).expect(303);
    return codeOn((await made.browser.get(made.manage)).text);
  };
  const expectGone = (code: string) => visit(site).post('/join').type('form').send({ code }).expect(422);
  const first = await fresh();
  const second = await fresh();
  await expectGone(first);
  await visit(site).post('/join').type('form').send({ code: second }).expect(303);
  await made.browser.post(`${made.manage}/code/off`).expect(303);
  await expectGone(second);
  const third = await fresh();
  await site.db.updateTable('topics').set({ phase: 'open' }).where('id', '=', made.id).execute();
  const settings = {
    ...{ title: 'Lunch', question: 'Which one?', access: 'invited', goal: 'top', top: '20' },
    ...{ results: 'always', opens: '', closes: '', zone: 'UTC', 'votes-each': '', origins: '' },
  };
  await made.browser.post(`${made.manage}/settings`).type('form').send(settings).expect(303);
  await expectGone(third);
});

it('pauses votes, and counts them again on the pairs that people still have on their screens', async () => {
  const made = await makeTopic(site);
  await made.browser.post(`${made.manage}/open`).expect(303);
  const voter = visit(site);
  const path = `/topics/${made.slug}/vote`;
  const { ballot } = pairOn((await voter.get(path).expect(200)).text);
  await made.browser.post(`${made.manage}/pause`).expect(303);
  expect(await flashOn(made.browser, made.manage)).toContain('Paused');

  const vote = { ballot, choice: 'left' };
  const refused = await voter.post(path).type('form').send(vote).expect(409);
  expect(refused.text).toContain('Voting is paused, so your vote didn’t count');
  const $ = read((await visit(site).get(path).expect(200)).text);
  expect($('.end h2').text()).toBe('Voting is paused');
  // The page asks by itself whether voting goes on.
  expect($('.end [hx-get]').attr('hx-trigger')).toContain('every');

  await made.browser.post(`${made.manage}/resume`).expect(303);
  await voter.post(path).type('form').send(vote).expect(303);
  const votes = await site.db.selectFrom('votes').where('topicId', '=', made.id).selectAll().execute();
  expect(votes).toHaveLength(1);
  expect(await eventsOf(site, made)).toEqual(['created', 'things added', 'opened', 'paused', 'resumed']);
});

it('lets voters take a vote back during a pause, and ends voting out of it', async () => {
  const made = await makeTopic(site);
  await made.browser.post(`${made.manage}/open`).expect(303);
  const voter = visit(site);
  const path = `/topics/${made.slug}/vote`;
  const { ballot } = pairOn((await voter.get(path).expect(200)).text);
  await voter.post(path).type('form').send({ ballot, choice: 'left' }).expect(303);
  await made.browser.post(`${made.manage}/pause`).expect(303);
  await voter.post('/vote/undo').type('form').send({}).expect(303);
  const [vote] = await site.db.selectFrom('votes').where('topicId', '=', made.id).selectAll().execute();
  expect(vote?.withdrawnAt).not.toBeNull();
  await made.browser.post(`${made.manage}/close`).expect(303);
  const topic = await site.db
    .selectFrom('topics')
    .where('id', '=', made.id)
    .select('phase')
    .executeTakeFirst();
  expect(topic?.phase).toBe('closed');
});

it('says that voting is paused to somebody who wants to change a vote', async () => {
  const { path, owner } = await makeOpenTopic(site);
  const { browser } = await member(site);
  const { ballot } = pairOn((await browser.get(`${path}/vote`).expect(200)).text);
  const { headers } = await browser
    .post(`${path}/vote`)
    .type('form')
    .send({ ballot, choice: 'left' })
    .expect(303);
  const change = `/profile/votes/${String(headers.location).split('=').at(-1)}/change`;
  await browser.get(change).expect(200);
  await owner.browser.post(`${path}/manage/pause`).expect(303);
  const { text } = await browser.get(change).expect(409);
  expect(text).toContain('Voting is paused');
  expect(text).not.toContain('closed');
});

async function voteIn(path: string, times: number): Promise<void> {
  const voter = visit(site);
  for (let vote = 0; vote < times; vote++) {
    const { ballot } = pairOn((await voter.get(`${path}/vote`).expect(200)).text);
    await voter.post(`${path}/vote`).type('form').send({ ballot, choice: 'left' }).expect(303);
  }
  await site.rank();
}

it('shows a large screen with the ranking, the code and the votes as they come in', async () => {
  const { path, owner } = await makeOpenTopic(site, { access: 'link' });
  await owner.browser.post(`${path}/manage/code`).expect(303);
  await site.boards.refresh();
  const watcher = visit(site);
  const before = read((await watcher.get(`${path}/screen`).expect(200)).text);
  expect(before('.screen-empty').text()).toContain('The first vote starts the ranking');
  expect(before('.qr path').attr('d')).toMatch(/^M\d/);
  expect(before('.screen .code').text()).toMatch(/^\S{4} \S{4}$/);
  await voteIn(path, 3);
  const fragment = await watcher.get(`${path}/screen`).set('HX-Request-Type', 'partial').expect(200);
  const $ = read(fragment.text);
  expect($('.screen-figures dd').first().text()).toBe('3');
  expect($('tbody tr')).toHaveLength(6);
  // Nothing is sent again until something changes.
  await watcher
    .get(`${path}/screen`)
    .set({ 'HX-Request-Type': 'partial', 'If-None-Match': String(fragment.headers.etag) })
    .expect(304);
  const held = read((await watcher.get(`${path}/screen?hold`).expect(200)).text);
  expect(held('#board').attr('hx-get')).toBeUndefined();
  expect(held('.screen-tools').text()).toContain('Holding still');
});

it('keeps the ranking off the screen until its voters may see it', async () => {
  const { path, owner } = await makeOpenTopic(site, { access: 'link', results: 'after closing' });
  await voteIn(path, 2);
  const $ = read((await visit(site).get(`${path}/screen`).expect(200)).text);
  expect($('tbody tr')).toHaveLength(0);
  expect($('.screen-empty').text()).toContain('when voting ends');
  await visit(site).get(`${path}/screen/reveal`).expect(403);
  await owner.browser.get(`${path}/screen/reveal`).expect(200);
});

it('reveals the ranking from the last rank to the first, one step at a time', async () => {
  const { path } = await makeOpenTopic(site, { access: 'link' });
  await voteIn(path, 6);
  const watcher = visit(site);
  let address = `${path}/screen/reveal`;
  const headings: string[] = [];
  for (let step = 0; step <= 6; step++) {
    const $ = read((await watcher.get(address).expect(200)).text);
    expect($('.reveal .name')).toHaveLength(step);
    headings.push($('h1').text().replace(/\s+/g, ' ').trim());
    address = $('#next').attr('href') ?? '';
  }
  expect(headings[1]).toMatch(/^6th:/);
  expect(headings[6]).toMatch(/^1st:/);
  expect(address).toBe(`${path}/screen`);
});

it('prints the personal links as QR codes, for the one who has just made them', async () => {
  const { path, owner } = await makeOpenTopic(site, { access: 'invited' });
  await owner.browser
    .post(`${path}/manage/voters`)
    .type('form')
    .send({ names: 'Mina, Blue\nBen' })
    .expect(303);
  const $ = read((await owner.browser.get(`${path}/manage/voters/sheet`).expect(200)).text);
  expect($('.sheet li')).toHaveLength(2);
  expect($('.sheet .name').first().text()).toBe('Ben');
  expect($('.sheet .qr')).toHaveLength(2);
  const other = (await member(site)).browser;
  await other.get(`${path}/manage/voters/sheet`).expect(404);
  expect(read((await visit(site).get(`${path}/manage/voters/sheet`)).text)('.sheet')).toHaveLength(0);
});

it('makes new links for all who have not joined, and lists whom to remind', async () => {
  const { path, owner } = await makeOpenTopic(site, { access: 'invited' });
  await owner.browser.post(`${path}/manage/voters`).type('form').send({ names: 'Mina\nBen' }).expect(303);
  const linksOf = async (): Promise<string[]> =>
    (read((await owner.browser.get(`${path}/manage/voters`)).text)('#links')
      .text()
      .match(/\/join\/\S+/g) ?? []) as string[];
  const [ben = ''] = await linksOf();
  const joined = visit(site);
  await joined.post(ben).expect(303);
  const { ballot } = pairOn((await joined.get(`${path}/vote`).expect(200)).text);
  await joined.post(`${path}/vote`).type('form').send({ ballot, choice: 'left' }).expect(303);
  await owner.browser.post(`${path}/manage/voters/links`).expect(303);
  const fresh = await linksOf();
  expect(fresh).toHaveLength(1);
  await joined.get(`${path}/vote`).expect(200);
  const $ = read((await owner.browser.get(`${path}/manage/voters`)).text);
  expect($('#remind').text().trim()).toBe('Mina');
  expect($('.entries time')).toHaveLength(1);
});
