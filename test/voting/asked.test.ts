import { beforeAll, expect, it } from 'vitest';
import { type Browser, ledgerOf, member, pairOn, read, thingNames, topic, useSite, vote } from '../site.js';

const site = useSite();
const path = '/vote';
const NAMES = thingNames(12);

beforeAll(() => topic(site, { names: NAMES }));

const idOf = async (name: string): Promise<number> =>
  (await site.db.selectFrom('things').where('name', '=', name).select('id').executeTakeFirstOrThrow()).id;

const ledger = (voter: number) => ledgerOf(site, voter);

/** Asks for a pair with a thing, as the link on its page does. */
async function ask(
  browser: Browser,
  name: string,
): Promise<{ ballot: string; left: string; right: string; said: string }> {
  const { text } = await browser.get(`${path}?with=${await idOf(name)}`).expect(200);
  return { ...pairOn(text), said: read(text)('.receipt p').text() };
}

const answer = (browser: Browser, ballot: string, choice = 'left') =>
  browser.post(path).type('form').send({ ballot, choice }).expect(303);

/** A name that is not on the pair whose turn it is. */
const another = ({ left, right }: { left: string; right: string }): string =>
  NAMES.find((name) => name !== left && name !== right) ?? expect.fail();

it('shows a pair with the thing that a person asks for, and their own turn stays', async () => {
  const { browser, id } = await member(site);
  const turn = pairOn((await browser.get(path)).text);
  const name = another(turn);
  const page = read((await browser.get(`/things/${await idOf(name)}`)).text);
  expect(page('main .actions').text()).toContain(`Next pair with ${name}`);

  const asked = await ask(browser, name);
  expect([asked.left, asked.right]).toContain(name);
  expect(asked.said).toContain('only a little for everybody’s');
  expect(await ask(browser, name)).toMatchObject({ left: asked.left, right: asked.right });
  expect(pairOn((await browser.get(path)).text)).toMatchObject({ left: turn.left, right: turn.right });

  const { headers } = await answer(browser, asked.ballot);
  const after = (await browser.get(String(headers.location))).text;
  expect(read(after)('.receipt p').text()).toContain('It counts in part: you asked for that pair');
  expect(pairOn(after)).toMatchObject({ left: turn.left, right: turn.right });
  expect(await ledger(id)).toMatchObject([{ strategy: 'asked', reason: 'asked' }]);
  expect((await ledger(id))[0]?.weight).toBeCloseTo(2 / 12, 6);

  // The next one is against something else, and taking the answer back leaves the turn where it is.
  const next = await ask(browser, name);
  expect([next.left, next.right].sort()).not.toEqual([asked.left, asked.right].sort());
  const undone = await browser.post('/vote/undo').type('form').send({}).expect(303);
  const back = (await browser.get(String(undone.headers.location))).text;
  expect(read(back)('.receipt p').text()).toMatch(/^Taken back: .*\.$/);
  expect(read(back)('.receipt p').text()).not.toContain('again');
  expect(pairOn(back)).toMatchObject({ left: turn.left, right: turn.right });
});

it('counts a pair in full whose turn it is, whoever asked for it', async () => {
  const { browser, id } = await member(site);
  const turn = pairOn((await browser.get(path)).text);
  const asked = await ask(browser, turn.left);
  expect(asked).toMatchObject({ left: turn.left, right: turn.right });
  expect(asked.said).toContain('whose turn it is');
  await answer(browser, asked.ballot);
  expect(await ledger(id)).toMatchObject([{ weight: 1, reason: null }]);
  const next = pairOn((await browser.get(path)).text);
  expect([next.left, next.right].sort()).not.toEqual([turn.left, turn.right].sort());
});

it('makes no good for skips, and gets nobody past their turn', async () => {
  await topic(site, { slug: 'many', names: thingNames(40) });
  const { browser, id } = await member(site);
  const many = '/topics/many/vote';
  for (let skips = 0; skips < 8; skips++) await vote(browser, 'skip', many);
  const turn = pairOn((await browser.get(many)).text);
  const { id: wanted } = await site.db
    .selectFrom('things')
    .where('name', 'not in', [turn.left, turn.right])
    .where('topicId', '=', (site.boards.get('many') ?? expect.fail()).topic.id)
    .select('id')
    .executeTakeFirstOrThrow();
  for (let asked = 0; asked < 15; asked++) await vote(browser, 'left', `${many}?with=${wanted}`);
  expect(pairOn((await browser.get(many)).text)).toMatchObject({ left: turn.left, right: turn.right });
  await vote(browser, 'left', many);
  const last = (await ledger(id)).at(-1);
  expect(last?.reason).toBe('skipping');
  expect(last?.weight).toBeCloseTo((12 / 15) ** 2, 5);
});

it('says so when there is no such pair', async () => {
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
  expect(read(unknown)('.receipt p').text()).toContain(`You said that you don’t know ${left}`);
  const turn = pairOn(unknown);
  await vote(browser, 'left', three);
  const done = read((await browser.get(`${three}?with=${await idOf(turn.right)}`)).text);
  expect(done('.receipt p').text()).toContain(`no pair with ${turn.right} left`);
  expect(done('#pair h2').text()).toBe('You have answered every pair');
  await browser.get(`${three}?with=nothing`).expect(200);
});

it('keeps to the turn when the pair that was asked for has been answered', async () => {
  await topic(site, { slug: 'tabs', names: ['Left', 'Right', 'Middle'] });
  const { browser, id } = await member(site);
  const tabs = '/topics/tabs/vote';
  const turn = pairOn((await browser.get(tabs)).text);
  const wanted = ['Left', 'Right', 'Middle'].find((name) => name !== turn.left && name !== turn.right) ?? '';
  // Opened now, answered when it has become the turn.
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
