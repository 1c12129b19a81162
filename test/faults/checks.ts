import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../../src/database.js';
import { expectCorrectRatings } from '../ranking/ranker/expected-ratings.js';
import type { System } from './system.js';
import type { Voter } from './voter.js';

const MAX_RANKING_MS = 60_000;

/**
 * Compares the ledger with the votes that were acknowledged.
 * @param acknowledged all acknowledged answers, as voter, ballot and choice
 * @param unknown answers that may or may not count
 * @returns acknowledged answers that are not stored, stored ones that nobody gave, and what is stored twice
 */
export async function ledgerDifferences(
  db: Database,
  acknowledged: string[],
  unknown: string[],
): Promise<{ lost: string[]; unexpected: string[]; doubled: string[] }> {
  const { rows } = await sql<{ vote: string }>`
    select username || ' ' || ballot_id || ' ' || outcome ||
      case when withdrawn_at is null then '' else ', undone' end as vote
    from votes join users on users.id = voter_id`.execute(db);
  const stored = rows.map(({ vote }) => vote);
  const twice = await sql<{ pair: string }>`
    select voter_id || ' ' || min(ballot_id::text) as pair from votes where withdrawn_at is null
    group by voter_id, least(left_id, right_id), greatest(left_id, right_id) having count(*) > 1`.execute(db);
  return {
    lost: difference(acknowledged, stored),
    unexpected: difference(stored, [...acknowledged, ...unknown]),
    doubled: [
      ...stored.filter((vote, index) => stored.indexOf(vote) !== index),
      ...twice.rows.map(({ pair }) => pair),
    ],
  };
}

function difference(all: string[], excluded: string[]): string[] {
  const set = new Set(excluded);
  return all.filter((item) => !set.has(item));
}

/**
 * Asks the site who is logged in.
 * @returns the voters who are not, the intruders who are, and what else the record has about voters' sessions
 */
export async function sessionDifferences(
  db: Database,
  { voters, intruders }: { voters: Voter[]; intruders: Voter[] },
): Promise<{ loggedOut: string[]; letIn: string[]; events: object[] }> {
  const namesOf = async (people: Voter[], expected: boolean): Promise<string[]> => {
    const known = await Promise.all(people.map((person) => person.isKnown()));
    return people.filter((_, index) => known[index] === expected).map(({ name }) => name);
  };
  const events = await db
    .selectFrom('sessionEvents')
    .innerJoin('users', 'users.id', 'userId')
    .where('username', 'like', 'voter%')
    .where('kind', 'not in', ['login', 'rebuilt'])
    .select(['username', 'kind'])
    .execute();
  return { loggedOut: await namesOf(voters, false), letIn: await namesOf(intruders, true), events };
}

/**
 * Waits until the ranking has all votes and the site shows it, and works the ranking out anew.
 * @returns how many seconds that took
 * @throws Error when it takes a minute; AssertionError when the ranking differs
 */
export async function expectRanked(
  { db, origin }: Pick<System, 'db' | 'origin'>,
  topics: { id: number; slug: string }[],
): Promise<number> {
  const startedAt = performance.now();
  const until = async (isDone: () => Promise<boolean>, what: string): Promise<void> => {
    while (!(await isDone())) {
      if (performance.now() - startedAt > MAX_RANKING_MS) throw new Error(`after a minute, ${what}`);
      await sleep(50);
    }
  };
  await until(async () => !(await isRankingBehind(db)), 'the ranking lacks votes or a fit');
  for (const { id, slug } of topics)
    await until(async () => (await votesShown(origin, slug)) === (await votesOn(db, id)), `${slug} is old`);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  // In one snapshot, because the ranker goes on.
  for (const { id } of topics)
    await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((trx) => expectCorrectRatings(trx, id));
  return seconds;
}

async function votesOn(db: Database, topicId: number): Promise<number> {
  const { count } = await db
    .selectFrom('votes')
    .where('topicId', '=', topicId)
    .where('withdrawnAt', 'is', null)
    .where('outcome', '<>', 'skip')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

async function votesShown(origin: string, slug: string): Promise<number> {
  const answer = await fetch(`${origin}/api/topics/${slug}/top`);
  return ((await answer.json()) as { votes: number }).votes;
}

/** Tells whether the ranker still has votes to read, or a topic to fit. */
export async function isRankingBehind(db: Database): Promise<boolean> {
  const { rows } = await sql`
    select from votes, ranker_position as position
    where (votes.xid, votes.id) > (position.xid, position.id)
      or (withdrawn_xid, votes.id) > (position.xid, position.id)
    union all select from boards where stale_since is not null`.execute(db);
  return rows.length > 0;
}
