import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { type Browser, member, pairOn, read, thingNames, topic, useSite, visit, vote } from '../../site.js';

const site = useSite();
const [SLUG, PUSHED] = ['projects', 'Thing 6'];
const names = thingNames(8);
interface Pair {
  left: string;
  right: string;
}

const numberOf = (name: string): number => Number(name.split(' ')[1]);

const rankOf = (name: string): number | undefined =>
  site.boards.get(SLUG)?.standings.find((standing) => standing.name === name)?.rank;

/** The weights below 1 of the votes of a one-sided group on a thing, and the thing that each vote chose. */
async function weightsOf(name: string): Promise<{ weight: number; winner: string }[]> {
  const rows = await site.db
    .selectFrom('voteWeights')
    .innerJoin('votes', 'votes.id', 'voteId')
    .innerJoin('things as l', 'l.id', 'leftId')
    .innerJoin('things as r', 'r.id', 'rightId')
    .where('reason', '=', 'one-sided')
    .select(['weight', 'l.name as left', 'r.name as right', 'outcome'])
    .orderBy('votes.id')
    .execute();
  return rows
    .filter(({ left, right }) => left === name || right === name)
    .map(({ weight, left, right, outcome }) => ({ weight, winner: outcome === 'left' ? left : right }));
}

/** Answers pairs until a voter has had them all. */
async function voteOnAll(browser: Browser, choose: (pair: Pair) => 'left' | 'right') {
  const path = `/topics/${SLUG}/vote`;
  while (read((await browser.get(path)).text)('#choose-left').length > 0) await vote(browser, choose, path);
}

const byNumber = ({ left, right }: Pair): 'left' | 'right' =>
  numberOf(left) < numberOf(right) ? 'left' : 'right';

it('lets votes from one network count less once they push one thing', async () => {
  await topic(site, { slug: SLUG, names });
  const voters = Array.from({ length: 12 }, (_, index) => `person ${index}`);
  const rows = voters.flatMap((voter) =>
    names.flatMap((winner, index) => names.slice(index + 1).map((loser) => `${winner},${loser},${voter}`)),
  );
  await importVotes(site.db, Readable.from([`winner,loser,voter\n${rows.join('\n')}\n`]), { slug: SLUG });
  await site.rank();
  expect(rankOf(PUSHED)).toBe(6);

  for (let person = 0; person < 4; person++) {
    const { browser } = await member(site);
    await voteOnAll(browser, (pair) =>
      pair.left === PUSHED ? 'left' : pair.right === PUSHED ? 'right' : byNumber(pair),
    );
  }
  await site.rank();
  const lowered = await weightsOf(PUSHED);
  expect(lowered.length).toBeGreaterThan(10);
  expect(lowered.reduce((sum, { weight }) => sum + weight, 0) / lowered.length).toBeLessThan(0.6);
  expect(rankOf(PUSHED)).toBeGreaterThanOrEqual(5);
});

it('counts an answer against the pushed thing in full', async () => {
  const { browser } = await member(site);
  await voteOnAll(browser, byNumber);
  await site.rank();
  for (const { winner } of await weightsOf(PUSHED)) expect(winner).toBe(PUSHED);
});

it('tells the voter of such a vote why it counts less', async () => {
  const { browser } = await member(site);
  let shown = pairOn((await browser.get(`/topics/${SLUG}/vote`)).text);
  while (shown.left !== PUSHED && shown.right !== PUSHED) {
    await vote(browser, byNumber, `/topics/${SLUG}/vote`);
    shown = pairOn((await browser.get(`/topics/${SLUG}/vote`)).text);
  }
  const choice = shown.left === PUSHED ? 'left' : 'right';
  const form = { ballot: shown.ballot, choice };
  await browser.post(`/topics/${SLUG}/vote`).type('form').send(form);
  await site.rank();
  const again = await browser.post(`/topics/${SLUG}/vote`).type('form').send(form).redirects(1);
  expect(read(again.text)('.receipt').text()).toContain(
    'It counts less, because many people on the same internet connection voted the same way',
  );
});

it('counts an imported vote in full, because its network is not known', async () => {
  await importVotes(site.db, Readable.from([`winner,loser,voter\n${PUSHED},Thing 1,new\n`]), { slug: SLUG });
  const before = (await weightsOf(PUSHED)).length;
  await site.rank();
  expect(await weightsOf(PUSHED)).toHaveLength(before);
  expect((await visit(site).get(`/topics/${SLUG}/top`)).status).toBe(200);
});

it('counts a vote that is taken back and given again once, when it compares a group with the others', async () => {
  await topic(site, { slug: 'undone', names: thingNames(4) });
  const { browser, id } = await member(site);
  for (let time = 0; time < 3; time++) {
    await vote(browser, 'left', '/topics/undone/vote');
    await browser.post('/vote/undo').type('form').send({}).expect(303);
  }
  await vote(browser, 'left', '/topics/undone/vote');
  await site.rank();
  const rows = await site.db
    .selectFrom('topicVoters')
    .innerJoin('topics', 'topics.id', 'topicId')
    .where('slug', '=', 'undone')
    .where('voterId', '=', id)
    .select('votes')
    .execute();
  expect(rows).toEqual([{ votes: 1 }]);
});

it('counts everyone in full when most votes come from one network, as in a class', async () => {
  await topic(site, { slug: 'class', names: thingNames(6) });
  for (let person = 0; person < 4; person++) {
    const { browser } = await member(site);
    for (let pair = 0; pair < 15; pair++) await vote(browser, byNumber, '/topics/class/vote');
    await site.rank();
  }
  const lowered = await site.db
    .selectFrom('voteWeights')
    .innerJoin('votes', 'votes.id', 'voteId')
    .innerJoin('topics', 'topics.id', 'votes.topicId')
    .where('slug', '=', 'class')
    .selectAll()
    .execute();
  expect(lowered).toEqual([]);
});
