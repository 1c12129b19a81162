import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../../src/config.js';
import { member, read, thingNames, topic, useSite, visit, vote } from '../site.js';

const site = useSite();
const folder = mkdtempSync(join(tmpdir(), 'thinga-published-'));

beforeAll(() => topic(site, { names: thingNames(12) }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Data {
  things: { name: string; rank: number | null }[];
  fitted: [number, number, number, number][];
  since: [number, number, number, number][];
}

/** Runs the script of docs/ranking.md, as it stands there, on what the site gives. */
function recompute(data: string): string {
  const docs = readFileSync(join(root, 'docs/ranking.md'), 'utf8');
  const script =
    /```js\n(\/\/ recompute\.mjs\n[^`]+)```/.exec(docs)?.[1] ?? expect.fail('no script in the docs');
  writeFileSync(join(folder, 'recompute.mjs'), script);
  writeFileSync(join(folder, 'data.json'), data);
  return execFileSync(process.execPath, ['recompute.mjs', 'data.json'], { cwd: folder, encoding: 'utf8' });
}

it('gives everything that the published order follows from, and no names of people', async () => {
  const people = [];
  for (let person = 0; person < 4; person++) {
    const { browser, username } = await member(site);
    people.push(username);
    for (const choice of ['left', 'tie', 'right', 'left', 'skip', 'left'] as const)
      await vote(browser, choice);
    await site.rank();
  }
  const { browser } = await member(site);
  await vote(browser);
  await browser.post('/vote/undo').expect(303);
  await site.rank();
  await vote(browser);
  await site.rank();

  const { text, headers } = await visit(site).get('/topics/foods/data.json').expect(200);
  expect(headers['content-disposition']).toContain('thinga-foods.json');
  for (const username of people) expect(text).not.toContain(username);
  const { things, fitted, since } = JSON.parse(text) as Data;
  expect(fitted.reduce((sum, [, , forLeft, forRight]) => sum + forLeft + forRight, 0)).toBe(4 * 5);
  expect(since).toHaveLength(1);
  // By pair, and not in the order in which anybody cast them.
  const pairs = fitted.map(([left, right]) => left * 100 + right);
  expect(pairs).toEqual(pairs.toSorted((one, other) => one - other));

  const out = recompute(text);
  expect(out).toContain('The published order.');
  expect(out.split('\n')[0]).toContain(things.find(({ rank }) => rank === 1)?.name);
  // The script does notice another order.
  const swapped = JSON.parse(text) as Data;
  for (const thing of swapped.things) thing.rank &&= 13 - thing.rank;
  expect(recompute(JSON.stringify(swapped))).toContain('ANOTHER ORDER!');
});

it('gives the data of a topic without votes, and none of a topic that is not there', async () => {
  await topic(site, { slug: 'quiet', names: thingNames(3) });
  const { body } = await visit(site).get('/topics/quiet/data.json').expect(200);
  expect([body.fitted, body.since]).toEqual([[], []]);
  expect(body.things).toHaveLength(3);
  await visit(site).get('/topics/nowhere/data.json').expect(404);
});

it('does not send data again to whoever has it, until the ranking has moved', async () => {
  await topic(site, { slug: 'watched', names: thingNames(4) });
  const { browser } = await member(site);
  const ask = (tag = '') => visit(site).get('/topics/watched/data.json').set('If-None-Match', tag);
  const first = await ask().expect(200);
  await vote(browser, 'left', '/vote');
  await site.rank();
  const tag = first.headers.etag ?? expect.fail('no ETag');
  const again = await ask(`"another", ${tag}`).expect(304);
  expect([again.text, again.headers.etag]).toEqual(['', tag]);
  await vote(browser, 'left', '/topics/watched/vote');
  await site.rank();
  const moved = await ask(tag).expect(200);
  expect(moved.body.since).toHaveLength(1);
  await ask(moved.headers.etag).expect(304);
  await browser.post('/vote/undo').expect(303);
  await site.rank();
  expect((await ask(moved.headers.etag).expect(200)).body.since).toEqual([]);
});

it('explains itself, with the figures of each topic', async () => {
  const { text } = await visit(site).get('/how').expect(200);
  const $ = read(text);
  expect($('h1').text()).toBe('How the ranking works');
  expect($('.figures tbody tr').first().text()).toContain('Foods');
  expect($('.figures tbody tr').first().find('td').eq(2).text()).toMatch(/^\d+\.\d %$/);
  expect($('.figures a').first().attr('href')).toBe('/topics/foods/data.json');
  for (const page of ['/', '/top'])
    expect(read((await visit(site).get(page)).text)('a[href="/how"]').length).toBeGreaterThan(0);
});
