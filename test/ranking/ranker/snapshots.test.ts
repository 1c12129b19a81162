import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../../../src/config.js';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { member, read, thingNames, topic, useSite, visit, vote } from '../../site.js';

const site = useSite();
const folder = mkdtempSync(join(tmpdir(), 'thinga-snapshots-'));
const names = thingNames(12);

beforeAll(async () => {
  for (const slug of ['foods', 'few', 'many']) await topic(site, { slug, names });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Snapshot {
  votes: number;
  things: { name: string; rating: number }[];
  pairs: [number, number, number, number][];
}

/** Runs the script of docs/ranking.md on a downloaded snapshot. */
function recompute(data: string): string {
  const docs = readFileSync(join(root, 'docs/ranking.md'), 'utf8');
  const script =
    /```js\n(\/\/ recompute\.mjs\n.+?)\n```/s.exec(docs)?.[1] ?? expect.fail('no script in the docs');
  writeFileSync(join(folder, 'recompute.mjs'), script);
  writeFileSync(join(folder, 'data.json'), data);
  return execFileSync(process.execPath, ['recompute.mjs', 'data.json'], { cwd: folder, encoding: 'utf8' });
}

/** Imports one vote of each voter on a topic. */
async function importVoteOfEach(slug: string, voters: string[]): Promise<void> {
  const rows = voters.map((voter, index) => {
    const [one, other] = [names[(index * 5) % 12], names[(index * 7 + 1) % 12]];
    return one === other ? `${one},${names[(index * 7 + 2) % 12]},${voter}` : `${one},${other},${voter}`;
  });
  await importVotes(site.db, Readable.from([`winner,loser,voter\n${rows.join('\n')}\n`]), { slug });
  await site.rank();
}

const voters = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, number) => `${prefix} ${number}`);

const download = async (slug: string) => {
  const { text, headers } = await visit(site).get(`/topics/${slug}/data.json`).expect(200);
  return { text, headers, snapshot: JSON.parse(text) as Snapshot };
};

it('has the votes summed by pair, which give the published ratings, and no single person', async () => {
  const usernames: string[] = [];
  for (let person = 0; person < 11; person++) {
    const { browser, username } = await member(site);
    usernames.push(username);
    for (const choice of ['left', 'tie', 'right', 'left', 'skip', 'left'] as const)
      await vote(browser, choice);
  }
  await site.rank();

  const { text, headers, snapshot } = await download('foods');
  expect(headers['content-disposition']).toContain('thinga-foods.json');
  for (const username of usernames) expect(text).not.toContain(username);
  // The last fit may lack the latest votes.
  expect(snapshot.votes).toBeGreaterThan(45);
  expect(snapshot.pairs.reduce((sum, [, , forLow, forHigh]) => sum + forLow + forHigh, 0)).toBe(
    snapshot.votes,
  );
  expect(new Set(snapshot.pairs.map(([low, high]) => `${low} ${high}`)).size).toBe(snapshot.pairs.length);

  const out = recompute(text);
  expect(out).toContain('The published ratings.');
  const [first] = snapshot.things.toSorted((one, other) => other.rating - one.rating);
  expect(out.split('\n')[0]).toContain(first?.name);
  // The script notices a wrong rating.
  const [thing] = snapshot.things;
  if (thing) thing.rating += 2e-6;
  expect(recompute(JSON.stringify(snapshot))).toContain('OTHER RATINGS');
});

it('changes only with a fit that has votes of ten more people', async () => {
  await importVoteOfEach('few', voters('early', 9));
  await visit(site).get('/topics/few/data.json').expect(404);
  expect(read((await visit(site).get('/how')).text)('a[href="/topics/few/data.json"]')).toHaveLength(0);

  await importVoteOfEach('few', voters('late', 9));
  const first = await download('few');
  expect(first.snapshot.votes).toBe(18);
  // Enough votes for a fit, but of too few people.
  await importVoteOfEach(
    'few',
    [...voters('busy', 9), ...voters('busy', 9).map((voter) => `${voter} again`)].slice(0, 9),
  );
  expect((await download('few')).text).toBe(first.text);

  await importVoteOfEach('few', voters('more', 20));
  expect((await download('few')).snapshot.votes).toBe(47);
});

it('answers 304 to a client that has the data', async () => {
  await importVoteOfEach('many', voters('one', 20));
  const ask = (tag = '') => visit(site).get('/topics/many/data.json').set('If-None-Match', tag);
  const { headers } = await ask().expect(200);
  const tag = headers.etag ?? expect.fail('no ETag');
  const again = await ask(`"another", ${tag}`).expect(304);
  expect([again.text, again.headers.etag]).toEqual(['', tag]);
  await importVoteOfEach('many', voters('two', 30));
  await ask(tag).expect(200);
});

it('sends gzip to clients that accept it, and plain JSON to others', async () => {
  const ask = async (encoding: string) => {
    const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) =>
      request(`${site.origin}/topics/many/data.json`, { headers: { 'Accept-Encoding': encoding } }, resolve)
        .on('error', reject)
        .end(),
    );
    return {
      encoding: answer.headers['content-encoding'],
      vary: answer.headers.vary,
      body: await buffer(answer),
    };
  };
  const [packed, plain] = [await ask('gzip'), await ask('identity')];
  expect([packed.encoding, plain.encoding]).toEqual(['gzip', undefined]);
  expect(packed.vary).toContain('Accept-Encoding');
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
  await visit(site).get('/topics/nowhere/data.json').expect(404);
});

it('explains the ranking at /how, with the figures of each topic', async () => {
  const { text } = await visit(site).get('/how').expect(200);
  const $ = read(text);
  expect($('h1').text()).toBe('How the ranking works');
  const row = $('.figures tbody tr').filter((_index, one) => $(one).find('th').text().startsWith('Foods'));
  expect(row.find('td').eq(2).text().trim()).toMatch(/^\d+\.\d %$/);
  expect(row.find('a').attr('href')).toBe('/topics/foods/data.json');
  for (const page of ['/', '/top'])
    expect(read((await visit(site).get(page)).text)('a[href="/how"]').length).toBeGreaterThan(0);
});
