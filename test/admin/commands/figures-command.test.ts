import { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { adminCommand } from '../../../src/admin/commands/admin-command.js';
import { figuresCommand } from '../../../src/admin/commands/figures-command.js';
import type { Command } from '../../../src/command-line.js';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { type Browser, member, read, thingNames, topic, useSite, vote } from '../../site.js';

const site = useSite();

/** Runs a command. @returns the lines that it prints */
async function linesOf(command: Command, args: string[]): Promise<string[]> {
  const print = vi.spyOn(console, 'info').mockImplementation(() => undefined);
  try {
    await command(args)({ db: site.db, config: site.config });
    return print.mock.calls.map(([line]) => String(line));
  } finally {
    print.mockRestore();
  }
}

interface Pair {
  left: string;
  right: string;
}
const numberOf = (name: string): number => Number(name.split(' ')[1]);
const better = ({ left, right }: Pair): 'left' | 'right' =>
  numberOf(left) < numberOf(right) ? 'left' : 'right';
const worse = (pair: Pair): 'left' | 'right' => (better(pair) === 'left' ? 'right' : 'left');

async function voteOnAll(browser: Browser, slug: string, choose: (pair: Pair) => 'left' | 'right') {
  const path = `/topics/${slug}/vote`;
  while (read((await browser.get(path)).text)('#choose-left').length > 0) await vote(browser, choose, path);
}

it('prints how reliable a ranking is, and whose answers differ from the others’', async () => {
  await topic(site, { slug: 'jury', names: thingNames(6) });
  for (let person = 0; person < 5; person++) await voteOnAll((await member(site)).browser, 'jury', better);
  const contrary = await member(site);
  await voteOnAll(contrary.browser, 'jury', worse);
  const lines = await linesOf(figuresCommand, ['--topic', 'jury']);
  expect(lines[0]).toMatch(/^90 votes of 6 voters\. Left chosen: \d+ %\. Time to decide: \d+\.\d s\.$/);
  expect(lines[1]).toMatch(/^Reliability: 0\.[5-9]\d\.$/);
  expect(lines.find((line) => line.startsWith(contrary.username))).toContain(
    'answers differ from the others',
  );
});

it('prints the ranking with and without some users', async () => {
  await topic(site, { slug: 'two', names: ['Thing 1', 'Thing 2'] });
  const people = [await member(site), await member(site), await member(site)];
  for (const [index, { browser }] of people.entries())
    await voteOnAll(browser, 'two', index === 0 ? better : worse);
  const without = people.slice(1).map(({ username }) => username);
  expect(await linesOf(figuresCommand, ['--topic', 'two', '--without', without.join()])).toEqual([
    '1. Thing 2 (2. without them)',
    '2. Thing 1 (1. without them)',
  ]);
  await expect(linesOf(figuresCommand, ['--topic', 'two', '--without', 'nobody-here'])).rejects.toThrow(
    'there is nobody called nobody-here',
  );
});

it('tells the operator when many votes push a thing', async () => {
  const names = thingNames(8);
  await topic(site, { slug: 'pushed', names });
  const rows = Array.from({ length: 6 }, (_, voter) =>
    names.flatMap((winner, index) => names.slice(index + 1).map((loser) => `${winner},${loser},v${voter}`)),
  ).flat();
  await importVotes(site.db, Readable.from([`winner,loser,voter\n${rows.join('\n')}\n`]), { slug: 'pushed' });
  await site.rank();
  expect(await linesOf(adminCommand, ['activity'])).toEqual(['Nothing so far.']);
  for (let person = 0; person < 5; person++)
    await voteOnAll((await member(site)).browser, 'pushed', (pair) =>
      pair.left === 'Thing 8' ? 'left' : pair.right === 'Thing 8' ? 'right' : better(pair),
    );
  await site.rank();
  const [line, ...others] = await linesOf(adminCommand, ['activity']);
  expect(line).toMatch(/Pushed: the latest votes push Thing 8, \d+(\.\d)? standard deviations more/);
  expect(others).toEqual([]);
});
