import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { topicCommand } from '../../../src/admin/commands/topic-command.js';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { member, read, thingNames, topic, useSite, visit, vote } from '../../site.js';

const site = useSite();

/** Sets a topic's goal, as an operator does. */
const setGoal = async (slug: string, goal: string): Promise<void> => {
  await topicCommand([slug, '--goal', goal])({ db: site.db, config: site.config });
  await site.rank();
};

/** Every pair of some things, in which the earlier thing wins. */
const everyPair = (names: string[]): [string, string][] =>
  names.flatMap((winner, index) => names.slice(index + 1).map((loser): [string, string] => [winner, loser]));

/** Imports votes, as lines of winner, loser and voter, and ranks. */
const importLines = async (slug: string, lines: string[]): Promise<void> => {
  await importVotes(site.db, Readable.from([`winner,loser,voter\n${lines.join('\n')}\n`]), { slug });
  await site.rank();
};

/** Creates a topic in which some people have each voted on every pair. */
async function votedTopic(slug: string, { things, people }: { things: number; people: number }) {
  const names = thingNames(things);
  await topic(site, { slug, names });
  const voters = Array.from({ length: people }, (_, index) => `person ${index}`);
  const rows = voters.flatMap((voter) => everyPair(names).map((pair) => [...pair, voter].join()));
  await importLines(slug, rows);
}

const topOf = async (slug: string) => read((await visit(site).get(`/topics/${slug}/top`).expect(200)).text);
const apiOf = async (slug: string) => (await visit(site).get(`/api/topics/${slug}/top`).expect(200)).body;

it('gives a topic of few things the goal that fits', async () => {
  for (const [things, title] of [
    [2, 'Winner'],
    [5, 'Winner'],
    [6, 'Top 3'],
    [12, 'Top 5'],
    [20, 'Top 10'],
    [21, 'Top 20'],
  ] as const) {
    await topic(site, { slug: `of-${things}`, names: thingNames(things) });
    expect((await topOf(`of-${things}`))('h1').text()).toBe(`${title}: Of ${things}`);
  }
});

it('says of two things how sure it is which one is the best', async () => {
  await topic(site, { slug: 'duel', names: ['Cat', 'Dog'] });
  const { browser } = await member(site);
  await vote(browser, ({ left }) => (left === 'Cat' ? 'left' : 'right'), '/topics/duel/vote');
  await site.rank();
  expect((await topOf('duel'))('.lead').text()).toMatch(
    /Still open: we are \d\d\s% sure that Cat is the best\./,
  );
});

it('settles the winner after many votes, and tells the API', async () => {
  await votedTopic('projects', { things: 8, people: 40 });
  await setGoal('projects', 'winner');
  const $ = await topOf('projects');
  expect($('h1').text()).toBe('Winner: Projects');
  expect($('.lead').text()).toMatch(/Settled: we are 9\d\s% sure that Thing 1 is the best\./);
  expect($('.board tbody tr').first().text()).toContain('almost certainly the best');
  expect($('.last-of-goal .name').text()).toBe('Thing 1');
  expect(await apiOf('projects')).toMatchObject({ goal: 'winner', isSettled: true });
});

it('follows a goal of the first three, and of the whole order', async () => {
  await setGoal('projects', 'Top 3');
  const $ = await topOf('projects');
  expect($('h1').text()).toBe('Top 3: Projects');
  expect($('.lead').text()).toContain('Settled: we expect all 3 to stay.');
  expect($('.last-of-goal .name').text()).toBe('Thing 3');
  await setGoal('projects', 'order');
  const order = await topOf('projects');
  expect(order('h1').text()).toBe('Ranking: Projects');
  expect(order('.lead').text()).toMatch(/Settled: about \d+ of 100 pairs are in the right order\./);
  expect(order('.certainty')).toHaveLength(0);
  expect(await apiOf('projects')).toMatchObject({ goal: 'order', expectedRight: null });
});

it('shows how much was expected to be right as votes came in', async () => {
  const names = thingNames(30);
  await topic(site, { slug: 'essays', names });
  const rows = everyPair(names).map(([winner, loser], index) => `${winner},${loser},person ${index % 7}`);
  for (let start = 0; start < rows.length; start += 100)
    await importLines('essays', rows.slice(start, start + 100));
  const caption = (await topOf('essays'))('.goal-course figcaption').text();
  const [, first, now] = /right: (\d+)\s% after 100 votes, (\d+)\s% after 435\./.exec(caption) ?? [];
  expect(Number(now)).toBeGreaterThan(Number(first));
});

it('draws the curve anew for another goal', async () => {
  expect((await topOf('essays'))('.goal-course')).toHaveLength(1);
  await setGoal('essays', 'winner');
  expect((await topOf('essays'))('.goal-course')).toHaveLength(0);
});

it('refuses a goal that it does not know', () => {
  for (const goal of ['top 51', 'top 0', 'best', ''])
    expect(() => topicCommand(['projects', '--goal', goal])).toThrow('is not a goal');
});
