import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { expectRanked, ledgerDifferences, sessionDifferences } from './checks.js';
import { type Fault, faults } from './faults.js';
import { p99, secondsUntilBack, WINDOW_MS } from './recovery.js';
import { printReport, type Row } from './report.js';
import { type System, startSystem } from './system.js';
import { Voter } from './voter.js';

const VOTERS = 64;
const MAX_SECONDS_UNTIL_BACK = 5;
/** The p99 is back when it is at most twice what it was, or at most this. */
const FAST_MS = 250;

let system: System;
let topics: { id: number; slug: string }[];
let voters: Voter[];
/** Two people who log out: one before each fault, and one during it. */
let early: Voter;
let late: Voter;
/** Somebody who has copied the cookies of sessions that have ended. */
const intruders: Voter[] = [];
const rows: Row[] = [];

beforeAll(async () => {
  system = await startSystem();
  topics = await system.db.selectFrom('topics').select(['id', 'slug']).orderBy('id').execute();
  const create = (name: string): Voter => new Voter(system.origin, name);
  voters = Array.from({ length: VOTERS }, (_, number) => create(`voter${number + 1}`));
  [early, late] = [create('early'), create('late')];
  // Four at a time: hashing a password takes long, and with all at once the last one would wait too long.
  const unregistered = [early, late, ...voters];
  const registerAll = async (): Promise<void> => {
    for (let voter = unregistered.pop(); voter; voter = unregistered.pop()) await voter.register();
  };
  await Promise.all([registerAll(), registerAll(), registerAll(), registerAll()]);
});
afterAll(async () => {
  printReport(rows);
  await system?.db.destroy();
  system?.end();
});

describe.each(faults.map((fault, number) => ({ ...fault, number })))('$name', (fault) => {
  it('loses nothing, lets nobody in or out, and is over soon', async ({ skip }) => {
    const lacking = fault.lacks?.(system);
    if (lacking) skip(`needs ${lacking}`);
    onTestFailed(() => console.error(system.app.errors().slice(-10), retries().slice(-10)));
    const row = await voteThrough(fault, fault.number);
    rows.push(row);
    const { acknowledged, unknown } = answersOf(voters);
    const ledger = await ledgerDifferences(system.db, acknowledged, unknown);
    const sessions = await sessionDifferences(system.db, { voters, intruders });
    Object.assign(row, {
      lost: ledger.lost.length,
      doubled: ledger.unexpected.length + ledger.doubled.length,
      loggedOut: sessions.loggedOut.length,
      letIn: row.letIn + sessions.letIn.length,
    });
    expect({ ...ledger, ...sessions }).toEqual({
      ...{ lost: [], unexpected: [], doubled: [] },
      ...{ loggedOut: [], letIn: [], events: [] },
    });
    row.rankedAfter = await expectRanked(system, topics);
    // Both fail when something is broken.
    await Promise.all([system.run('admin', 'audit', 'verify'), system.run('doctor')]);
    expect(row.letIn).toBe(0);
    expect(row.backAfter).toBeLessThanOrEqual(MAX_SECONDS_UNTIL_BACK);
    if (fault.costs === 'nothing') expect(retries()).toEqual([]);
    expect(row.starts > 0).toBe(fault.costs === 'process');
  });
});

/** Has all voters vote before, while and after something is broken. */
async function voteThrough(fault: Fault, number: number): Promise<Row> {
  await early.logIn();
  await late.logIn();
  intruders.push(early.copy());
  expect([await early.isKnown(), await late.isKnown()]).toEqual([true, true]);
  // A Redis that comes back with an older state still knows the session.
  await system.redis.save();
  await early.logOut();
  for (const voter of voters) voter.retries.length = voter.attempts.length = 0;
  const [startsBefore, votesBefore] = [system.app.starts(), answersOf(voters).acknowledged.length];
  const over = new AbortController();
  const errors: unknown[] = [];
  const voting = voters.map((voter, index) =>
    voter
      // Another topic each time, so that nobody runs out of pairs.
      .vote(`/topics/${topics[(index + number) % topics.length]?.slug}/vote`, over.signal)
      .catch((error) => errors.push(error)),
  );
  const intruding = tryToGetIn([...intruders], over.signal);
  let backAfter = Number.POSITIVE_INFINITY;
  let p99Before = Number.POSITIVE_INFINITY;
  try {
    await sleep(1_000 + WINDOW_MS);
    p99Before = p99(voters, performance.now() - WINDOW_MS);
    expect({ errors: errors.map(String), retries: retries() }).toEqual({ errors: [], retries: [] });
    const copy = late.copy();
    await fault.begin(system);
    const loggingOut = late.logOut().then(() => intruders.push(copy));
    await sleep(fault.seconds * 1_000);
    await fault.end(system);
    backAfter = await secondsUntilBack(voters, performance.now(), Math.max(2 * p99Before, FAST_MS));
    await loggingOut;
  } finally {
    over.abort();
    await Promise.all(voting);
  }
  expect(errors.map(String)).toEqual([]);
  return {
    fault: fault.name,
    votes: answersOf(voters).acknowledged.length - votesBefore,
    triedAgain: retries().length,
    starts: system.app.starts() - startsBefore,
    letIn: await intruding,
    ...{ lost: Number.NaN, doubled: Number.NaN, loggedOut: Number.NaN, rankedAfter: Number.NaN },
    ...{ p99Before, backAfter },
  };
}

/** Has people with cookies of ended sessions open a page again and again. @returns how often one got in */
async function tryToGetIn(people: Voter[], over: AbortSignal): Promise<number> {
  let times = 0;
  while (!over.aborted) {
    for (const person of people.slice(-4)) if (await person.isKnown()) times++;
    await sleep(300);
  }
  return times;
}

/** The reasons for all retries since voting began. */
const retries = (): string[] => voters.flatMap((voter) => voter.retries);

function answersOf(people: Voter[]): { acknowledged: string[]; unknown: string[] } {
  const list = (answersOfOne: (voter: Voter) => Map<string, string>): string[] =>
    people.flatMap((voter) =>
      [...answersOfOne(voter)].map(([id, choice]) => `${voter.name} ${id} ${choice}`),
    );
  return { acknowledged: list((voter) => voter.acknowledged), unknown: list((voter) => voter.unknown) };
}
