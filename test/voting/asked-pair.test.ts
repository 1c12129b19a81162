import { beforeAll, expect, it } from 'vitest';
import {
  type Browser,
  ledgerOf,
  member,
  pairOn,
  read,
  thingNames,
  topic,
  useSite,
  vote,
  voteTimes,
} from '../site.js';

const site = useSite();
const path = '/vote';
const NAMES = thingNames(12);

beforeAll(() => topic(site, { names: NAMES }));

const idOf = async (name: string): Promise<number> =>
  (await site.db.selectFrom('things').where('name', '=', name).select('id').executeTakeFirstOrThrow()).id;

const ledger = (voter: number) => ledgerOf(site, voter);

/** Asks for a pair with a thing, like the link on its page. */
async function ask(
  browser: Browser,
  name: string,
): Promise<{ ballot: string; left: string; right: string; message: string }> {
  const { text } = await browser.get(`${path}?with=${await idOf(name)}`).expect(200);
  return { ...pairOn(text), message: read(text)('.receipt p').text().trim() };
}

const answer = (browser: Browser, ballot: string, choice = 'left') =>
  browser.post(path).type('form').send({ ballot, choice }).expect(303);

/** A name that is not on a pair. */
const another = ({ left, right }: { left: string; right: string }): string =>
  NAMES.find((name) => name !== left && name !== right) ?? expect.fail();

it('shows a pair with the thing that a member asks for, and does not change the queue', async () => {
  const { browser, id } = await member(site);
  const front = pairOn((await browser.get(path)).text);
  const name = another(front);
  const page = read((await browser.get(`/things/${await idOf(name)}`)).text);
  expect(page('main .actions').text()).toContain(`Next pair with ${name}`);

  const asked = await ask(browser, name);
  expect([asked.left, asked.right]).toContain(name);
  expect(asked.message).toContain('but less in the ranking');
  expect(await ask(browser, name)).toMatchObject({ left: asked.left, right: asked.right });
  expect(pairOn((await browser.get(path)).text)).toMatchObject({ left: front.left, right: front.right });

  const { headers } = await answer(browser, asked.ballot);
  const after = (await browser.get(String(headers.location))).text;
  expect(read(after)('.receipt p').text()).toContain('It counts less, because you picked this pair');
  expect(pairOn(after)).toMatchObject({ left: front.left, right: front.right });
  expect(await ledger(id)).toMatchObject([{ strategy: 'asked', reason: 'asked' }]);
  expect((await ledger(id))[0]?.weight).toBeCloseTo(2 / 12, 6);

  // The next pair has another opponent. Undo does not change the front of the queue.
  const next = await ask(browser, name);
  expect([next.left, next.right].sort()).not.toEqual([asked.left, asked.right].sort());
  const undone = await browser.post('/vote/undo').type('form').send({}).expect(303);
  const back = (await browser.get(String(undone.headers.location))).text;
  expect(read(back)('.receipt p').text()).toMatch(/^\s*Taken back: /);
  expect(read(back)('.receipt p').text()).not.toContain('again');
  expect(pairOn(back)).toMatchObject({ left: front.left, right: front.right });
});

it('counts the pair at the front of the queue in full when its voter asked for it', async () => {
  const { browser, id } = await member(site);
  const front = pairOn((await browser.get(path)).text);
  const asked = await ask(browser, front.left);
  expect(asked).toMatchObject({ left: front.left, right: front.right });
  expect(asked.message).toBe(`Here is a pair with ${front.left}.`);
  await answer(browser, asked.ballot);
  expect(await ledger(id)).toMatchObject([{ weight: 1, reason: null }]);
  const next = pairOn((await browser.get(path)).text);
  expect([next.left, next.right].sort()).not.toEqual([front.left, front.right].sort());
});

it('lets nobody make up for skips or get past the front of the queue with asked pairs', async () => {
  await topic(site, { slug: 'many', names: thingNames(40) });
  const { browser, id } = await member(site);
  const many = '/topics/many/vote';
  await voteTimes(browser, 8, { choice: 'skip', path: many });
  const front = pairOn((await browser.get(many)).text);
  const { id: wanted } = await site.db
    .selectFrom('things')
    .where('name', 'not in', [front.left, front.right])
    .where('topicId', '=', (site.boards.get('many') ?? expect.fail()).topic.id)
    .select('id')
    .executeTakeFirstOrThrow();
  for (let asked = 0; asked < 15; asked++) await vote(browser, 'left', `${many}?with=${wanted}`);
  expect(pairOn((await browser.get(many)).text)).toMatchObject({ left: front.left, right: front.right });
  await vote(browser, 'left', many);
  const last = (await ledger(id)).at(-1);
  expect(last?.reason).toBe('skipping');
  expect(last?.weight).toBeCloseTo((12 / 15) ** 2, 5);
});

it('says when there is no pair with the thing', async () => {
  await topic(site, { slug: 'three', names: ['Sun', 'Moon', 'Star'] });
  const { browser } = await member(site);
  const three = '/topics/three/vote';
  const { left } = pairOn((await browser.get(three)).text);
  await browser
    .post(three)
    .type('form')
    .send({ ballot: pairOn((await browser.get(three)).text).ballot, choice: 'unknown-left' })
    .expect(303);
  const unknown = (await browser.get(`${three}?with=${await idOf(left)}`)).text;
  expect(read(unknown)('.receipt p').text()).toContain(`You said you don’t know ${left}`);
  const front = pairOn(unknown);
  await vote(browser, 'left', three);
  const done = read((await browser.get(`${three}?with=${await idOf(front.right)}`)).text);
  expect(done('.receipt p').text()).toContain(`no new pair with ${front.right}`);
  expect(done('#pair h2').text()).toBe('You’ve voted on every pair');
  await browser.get(`${three}?with=nothing`).expect(200);
});

it('goes on with the queue after an answer to a pair that was asked for', async () => {
  await topic(site, { slug: 'tabs', names: ['Left', 'Right', 'Middle'] });
  const { browser, id } = await member(site);
  const tabs = '/topics/tabs/vote';
  const front = pairOn((await browser.get(tabs)).text);
  const wanted =
    ['Left', 'Right', 'Middle'].find((name) => name !== front.left && name !== front.right) ?? '';
  // Opened now, and answered after the front of the queue has changed.
  const beside = pairOn((await browser.get(`${tabs}?with=${await idOf(wanted)}`)).text);
  await vote(browser, 'left', tabs);
  const second = pairOn((await browser.get(tabs)).text);
  await browser.post(tabs).type('form').send({ ballot: beside.ballot, choice: 'left' }).expect(303);
  const third = pairOn((await browser.get(tabs)).text);
  expect([third.left, third.right].sort()).not.toEqual([beside.left, beside.right].sort());
  expect(third.left).not.toBe('');
  const isSame = [second.left, second.right].sort().join() === [beside.left, beside.right].sort().join();
  expect((await ledger(id)).at(-1)?.reason).toBe(isSame ? null : 'asked');
});
