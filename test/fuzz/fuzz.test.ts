import { expect, it } from 'vitest';
import { openFuzzedSite } from './fuzzed-site.js';
import { newTally, sendAll } from './fuzzer.js';

it('answers 500 requests that nobody should send without a fault or a stack', async () => {
  const site = await openFuzzedSite({ inProcess: true });
  const tally = newTally();
  await sendAll(tally, { ...site, corpora: await site.explore(), seed: 20_261_130, count: 500 });
  await site.close();
  expect(tally.findings).toEqual([]);
  expect([...tally.statuses.keys()].sort()).toEqual(['admin', 'guest', 'member', 'organiser', 'visitor']);
});
