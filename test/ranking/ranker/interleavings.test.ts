import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect } from 'vitest';
import { root } from '../../../src/config.js';
import type { Database } from '../../../src/database.js';
import { isExcluded } from '../../../src/ranking/ranker/ledger.js';
import { Ranker } from '../../../src/ranking/ranker/ranker.js';
import { withdrawVote } from '../../../src/voting/voting.js';
import { foldAll, itOnPostgres, thingNames, topic, useSite } from '../../site.js';
import { expectCorrectRatings } from './expected-ratings.js';

const site = useSite();
const children = new Set<ChildProcess>();
/** Rankers in this process; the ratings in their memory are outdated whenever another ranker has folded. */
let localRankers: Ranker[] = [];
let topicId = 0;
let things: number[] = [];
let voters: number[] = [];
/** The largest number of pairs that had counts. */
let maxCountedPairs = 0;

beforeAll(async () => {
  localRankers = [new Ranker(site.db), new Ranker(site.db), new Ranker(site.db)];
  await topic(site, { names: thingNames(40) });
  const rows = await site.db.selectFrom('things').select(['id', 'topicId']).orderBy('id').execute();
  things = rows.map(({ id }) => id);
  topicId = rows[0]?.topicId ?? 0;
  const names = Array.from({ length: 16 }, (_, number) => ({
    kind: 'imported' as const,
    importedAs: `foods/${number}`,
    // Some of them share a network, so that one-sided votes count less.
    networkGroup: number < 12 ? String(number % 3).repeat(64) : null,
  }));
  voters = (await site.db.insertInto('voters').values(names).returning('id').execute()).map(({ id }) => id);
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

const cast = fc.record({ kind: fc.constantFrom('vote' as const, 'slow vote'), by: fc.nat(), on: fc.nat() });
const withdraw = fc.record({ kind: fc.constant('withdraw' as const), by: fc.nat() });
const fold = fc.record({ kind: fc.constant('fold' as const), many: fc.integer({ min: 1, max: 3 }) });
const refit = fc.record({ kind: fc.constant('refit' as const) });
const rankers = fc.record({ kind: fc.constant('rankers' as const), many: fc.constantFrom(1, 2) });
const kill = fc.record({ kind: fc.constant('kill' as const), after: fc.nat(60) });

const voterEvent = fc.record({
  kind: fc.constant('voter event' as const),
  by: fc.nat(),
  event: fc.constantFrom('voided' as const, 'set apart' as const, 'restored' as const),
});

const steps = (...more: { weight: number; arbitrary: typeof withdraw | typeof voterEvent }[]) =>
  fc.array(
    fc.oneof(
      { weight: 16, arbitrary: cast },
      { weight: 3, arbitrary: fold },
      { weight: 2, arbitrary: refit },
      { weight: 1, arbitrary: rankers },
      { weight: 2, arbitrary: kill },
      ...more,
    ),
    { minLength: 25, maxLength: 40 },
  );
// A fit corrects every mistake before it, and each withdrawal or voter event causes one: so most phases have
// none.
const phase = fc.oneof(
  { weight: 3, arbitrary: steps() },
  { weight: 1, arbitrary: steps({ weight: 4, arbitrary: withdraw }) },
  { weight: 1, arbitrary: steps({ weight: 2, arbitrary: voterEvent }) },
);
type Step = typeof phase extends fc.Arbitrary<(infer One)[]> ? One : never;

itOnPostgres(
  'folds every vote exactly once in any order of events, with the ratings of a rebuild',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(phase, { minLength: 4, maxLength: 6 }), async (phases) => {
        for (const phase of phases) {
          const running: Promise<unknown>[] = [];
          // Steps overlap. Only the start of a process is waited for, because it takes long.
          for (const step of phase) {
            running.push(run(step));
            await (step.kind === 'rankers' ? running.at(-1) : sleep(step.kind === 'kill' ? 10 : 3));
          }
          await Promise.all(running);
          await killAll();
          await foldAll(site.db, ...localRankers);
          await expectCorrectRatings(site.db, topicId);
          await expectVotesCountedOnce();
          await expectCorrectPairCounts();
        }
        await new Ranker(site.db).refit(topicId);
        await expectCorrectRatings(site.db, topicId);
        const rebuilt = await ratings();
        await site.db.updateTable('ratings').set({ mean: 7, variance: 3, wins: 77 }).execute();
        await new Ranker(site.db).refit(topicId);
        expect(await ratings()).toEqual(rebuilt);
      }),
      { numRuns: 4, endOnFailure: true },
    );
    expect(maxCountedPairs).toBeGreaterThan(30);
  },
  // It starts and kills many processes, which takes a busy machine minutes.
  300_000,
);

async function run(step: Step): Promise<unknown> {
  switch (step.kind) {
    case 'vote':
      return insertVote(site.db, step);
    case 'slow vote':
      // Commits after votes that were cast later.
      return site.db.transaction().execute(async (trx) => {
        await insertVote(trx, step);
        await sleep(step.on % 80);
      });
    case 'withdraw':
      return withdrawVote(site.db, voters[step.by % voters.length] ?? 0);
    case 'voter event':
      return site.db
        .insertInto('voterEvents')
        .values({ voterId: voters[step.by % voters.length] ?? 0, kind: step.event })
        .execute();
    case 'fold':
      return Promise.all(localRankers.slice(0, step.many).map((ranker) => ranker.fold()));
    case 'refit':
      return new Ranker(site.db).refit(topicId);
    case 'rankers':
      return Promise.all(Array.from({ length: step.many }, startChild));
    case 'kill':
      await sleep(step.after);
      return killAll();
  }
}

async function insertVote(db: Database, { by, on }: { by: number; on: number }): Promise<void> {
  const one = on % things.length;
  const other = (one + 1 + (Math.floor(on / things.length) % (things.length - 1))) % things.length;
  // With so many skips, some votes have a weight below 1.
  const outcome = (['left', 'right', 'tie', 'skip', 'skip'] as const)[on % 5] ?? 'skip';
  await sql`
    insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, strategy)
    values (gen_random_uuid(), ${topicId}, ${voters[by % voters.length]}, ${things[one]}, ${things[other]},
      ${outcome}, ${on % 7 === 0 ? 'asked' : 'explore'})
    on conflict do nothing`.execute(db);
}

async function startChild(): Promise<void> {
  const env = { ...process.env, DATABASE_URL: site.config.databaseUrl };
  const child = spawn(
    process.execPath,
    [join(root, 'test/ranking/ranker/two-rankers.mjs'), String(topicId)],
    {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.add(child);
  const ended = once(child, 'exit').then(() => children.delete(child));
  await Promise.race([once(child.stdout, 'data'), ended]);
}

async function killAll(): Promise<void> {
  await Promise.all(
    [...children].map(async (child) => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }),
  );
}

const ratings = () => site.db.selectFrom('ratings').selectAll().orderBy('thingId').execute();

/** Compares the pair counts with the votes that counted at their position in the ledger. */
async function expectCorrectPairCounts(): Promise<void> {
  const { rows } = await sql`
    select least(left_id, right_id)::int as low, greatest(left_id, right_id)::int as high,
      (count(*) filter (where outcome <> 'tie' and (outcome = 'left') = (left_id < right_id)))::int as "lowWins",
      (count(*) filter (where outcome <> 'tie' and (outcome = 'right') = (left_id < right_id)))::int as "highWins",
      (count(*) filter (where outcome = 'tie'))::int as ties
    from votes join pair_counts_position as position using (topic_id)
    where topic_id = ${topicId} and outcome <> 'skip' and (votes.xid, votes.id) <= (position.xid, position.id)
      and not coalesce((withdrawn_xid, votes.id) <= (position.xid, position.id), false)
      and coalesce((select kind from voter_events as event where event.voter_id = votes.voter_id
        and (event.xid, event.id) <= (position.xid, position.id)
        order by event.xid desc, event.id desc limit 1), 'restored') = 'restored'
    group by 1, 2 order by 1, 2`.execute(site.db);
  const counts = await sql`
    select low::int, high::int, low_wins as "lowWins", high_wins as "highWins", ties from pair_counts
    where topic_id = ${topicId} and low_wins + high_wins + ties > 0 order by 1, 2`.execute(site.db);
  expect(counts.rows).toEqual(rows);
  maxCountedPairs = Math.max(maxCountedPairs, rows.length);
}

/**
 * Compares the counts of all things with twice the counted votes, because each vote counts for two things.
 */
async function expectVotesCountedOnce(): Promise<void> {
  const { rows } = await sql<{ counted: number; cast: number }>`
    select (select sum(wins + losses + ties)::int from ratings where topic_id = ${topicId}) as counted,
      (select 2 * count(*)::int from votes
       where topic_id = ${topicId} and withdrawn_at is null and outcome <> 'skip' and not ${isExcluded('votes')}) as cast`.execute(
    site.db,
  );
  expect(rows[0]?.counted).toBe(rows[0]?.cast);
}
