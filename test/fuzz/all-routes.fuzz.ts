import { expect, it } from 'vitest';
import type { Corpus } from './corpus.js';
import type { WireRequest } from './exchange.js';
import { type FuzzedSite, openFuzzedSite } from './fuzzed-site.js';
import { describe, newTally, sendAll, type Tally } from './fuzzer.js';

const { requests, seed, minutes, stallMs } = JSON.parse(
  process.env.FUZZ ?? '{"requests":20000,"seed":1,"minutes":60,"stallMs":50}',
) as { requests: number; seed: number; minutes: number; stallMs: number };

/** Requests between two log-ins of all actors, who may have logged out. */
const WAVE = 250;

/** Waves between two looks at what the actors can reach. */
const WAVES_PER_LOOK = 20;

/** Waves of one site. Each has less to find when topics are deleted and accounts closed. */
const WAVES_PER_SITE = 160;

it(`answers ${requests} requests that nobody should send`, async () => {
  const tally = newTally();
  const startedAt = Date.now();
  const isOver = () => tally.sent >= requests || Date.now() >= startedAt + minutes * 60_000;
  let unconfirmed = 0;
  for (let wave = 0; !isOver(); ) {
    const site = await openFuzzedSite({ inProcess: false, stallMs });
    await checkProbe(site);
    let corpora: Corpus[] = [];
    for (let waves = 0; waves < WAVES_PER_SITE && !isOver(); waves++) {
      try {
        if (waves % WAVES_PER_LOOK === 0) corpora = await site.explore();
        else await site.logInAgain(corpora);
      } catch {
        // Somebody's password was changed, or an admin has disabled them.
        break;
      }
      await site.takeStalls();
      const count = Math.min(WAVE, requests - tally.sent);
      const sent = await sendAll(tally, { ...site, corpora, seed: seed + wave++, count });
      unconfirmed += await confirmStalls(tally, site, sent);
      for (const fault of site.takeFaults())
        tally.findings.push({ problem: `in the log: ${fault.slice(0, 2_000)}`, request: '' });
    }
    await site.close();
  }
  report(tally, { seconds: (Date.now() - startedAt) / 1_000, unconfirmed });
  expect(tally.findings).toEqual([]);
});

/**
 * Sends a request that keeps the event loop busy on purpose, among others that don't.
 * @throws Error unless the fuzzer finds it
 */
async function checkProbe(site: FuzzedSite): Promise<void> {
  const tally = newTally();
  const ask = (number: number, ...more: [string, string][]): WireRequest => ({
    ...{ method: 'GET', path: '/healthz', body: undefined },
    headers: [['Host', 'localhost'], ['X-Fuzz', String(number)], ...more],
  });
  const slow = ask(0, ['X-Fuzz-Stall', 'yes']);
  const sent = new Map([slow, ask(1), ask(2), ask(3)].entries());
  await site.takeStalls();
  await Promise.all([...sent.values()].map((wire) => site.exchange.send(wire)));
  await confirmStalls(tally, site, sent);
  expect(tally.findings.map(({ request }) => request)).toContain(describe(slow));
}

/**
 * Sends each request that was being answered while the event loop stood still once more, alone. Several are answered at
 * a time, and the garbage of all is collected in some of them.
 * @returns how many stalls no request shows again
 */
async function confirmStalls(
  tally: Tally,
  site: FuzzedSite,
  sent: Map<number, WireRequest>,
): Promise<number> {
  const stalls = (await site.takeStalls()).filter(({ cpuMs }) => cpuMs > stallMs);
  let unconfirmed = 0;
  for (const { cpuMs, requests: numbers } of stalls) {
    const before = tally.findings.length;
    for (const number of numbers) {
      const wire = sent.get(number);
      if (!wire) continue;
      const again = [await stallOf(site, wire), await stallOf(site, wire), await stallOf(site, wire)].sort(
        (a, b) => a - b,
      );
      if ((again[1] ?? 0) > stallMs)
        tally.findings.push({
          problem: `${Math.round(again[1] ?? 0)} ms of event loop`,
          request: describe(wire),
        });
    }
    if (tally.findings.length > before) continue;
    unconfirmed++;
    console.info(`A stall of ${Math.round(cpuMs)} ms did not come again for ${numbers.length} requests:`);
    for (const number of numbers) {
      const wire = sent.get(number);
      if (wire) console.info(`  ${describe(wire).slice(0, 120)}`);
    }
  }
  return unconfirmed;
}

async function stallOf({ exchange, takeStalls }: FuzzedSite, wire: WireRequest): Promise<number> {
  await takeStalls();
  await exchange.send(wire).catch(() => undefined);
  return Math.max(0, ...(await takeStalls()).map(({ cpuMs }) => cpuMs));
}

function report(
  { sent, statuses, findings }: Tally,
  { seconds, unconfirmed }: { seconds: number; unconfirmed: number },
): void {
  console.info(
    `${sent} requests in ${Math.round(seconds)} s, seed ${seed}: ${Math.round(sent / seconds)} a second.`,
  );
  console.info(`A million would take ${Math.round((1e6 / sent) * (seconds / 60))} minutes.`);
  for (const [actor, counts] of statuses) console.info(actor.padEnd(10), JSON.stringify(counts));
  console.info(`${unconfirmed} stalls above ${stallMs} ms did not come again.`);
  for (const { problem, request } of findings) console.info(`\n${problem}\n${request}`);
}
