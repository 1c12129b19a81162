import type { Request, Response } from 'express';
import { sql } from 'kysely';
import { readGuest } from '../auth/guest-cookie.js';
import type { Config } from '../config.js';
import { type Database, isDatabaseUnavailable, type Transaction } from '../database.js';
import { clearCookie } from '../http/cookies.js';
import type { Queues } from './queue.js';

/** How many of a guest's votes count after a log-in: all of them, some, or none. */
type TakenOver = 'all' | 'some' | 'none';

/**
 * Moves the votes of this browser's guest to a member who has just logged in or registered. A vote does not
 * count when the member answered that pair before, when one of its things was taken down, or when its topic has closed.
 * The guest is deleted, so a copy of the cookie is worth nothing. While the database is unavailable the votes wait.
 * @returns undefined when there were no votes
 */
export async function takeOverVotes(
  req: Request,
  res: Response,
  { db, config, queues, memberId }: { db: Database; config: Config; queues: Queues; memberId: number },
): Promise<TakenOver | undefined> {
  const guestId = readGuest(req, config);
  if (guestId === undefined) return undefined;
  try {
    const { standing, counted, topics, takenBack } = await db.transaction().execute(async (trx) => {
      const moved = await moveVotes(trx, { from: guestId, to: memberId });
      await moveInvitations(trx, guestId, memberId);
      return moved;
    });
    await takeBackAgain(db, memberId, takenBack);
    for (const topicId of topics) await queues.markStale({ voterId: memberId, topicId });
    clearCookie(res, 'guest');
    if (standing === 0) return undefined;
    return counted === standing ? 'all' : counted > 0 ? 'some' : 'none';
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    return undefined;
  }
}

/** What became of the votes of a guest that were moved. */
interface MovedVotes {
  /** How many votes of the guest stood. */
  standing: number;
  /** How many of them belong to the other voter now. */
  counted: number;
  /** The topics of those, and of the votes that the guest took back. */
  topics: number[];
  /** The ballots of votes that the guest took back. They arrive as skips, for `takeBackAgain`. */
  takenBack: string[];
}

/**
 * Moves the votes of a guest or an invited voter to another voter, in one statement, so that each counts once. Votes
 * that did not count yet are deleted. Those that did are withdrawn. Each is written again as the other voter's. Where
 * that voter has answered the pair already, their answer stays.
 * @param topicId only votes in this topic; without it, all of them, and the guest can vote no more
 */
export async function moveVotes(
  trx: Transaction,
  { from, to, topicId = null }: { from: number; to: number; topicId?: number | null },
): Promise<MovedVotes> {
  // The lock waits for a vote that is being cast, so that the next statement sees every vote.
  await trx.selectFrom('voters').where('id', '=', from).select('id').forUpdate().execute();
  const own = sql`voter_id = ${from} and (${topicId}::bigint is null or topic_id = ${topicId}::bigint)
    and exists (select from voters where id = ${from} and kind in ('guest', 'invited'))`;
  const { rows } = await sql<MovedVotes>`
    with taken as (
      delete from votes where ${own} and provisional returning *
    ), withdrawn as (
      update votes set withdrawn_at = now() where ${own} and not provisional and withdrawn_at is null returning *
    ), answers as (
      select distinct on (least(left_id, right_id), greatest(left_id, right_id)) * from (
        select taken.*, withdrawn_at is null as stands, ballot_id as new_ballot from taken
        union all
        select withdrawn.*, true, gen_random_uuid() from withdrawn
        union all
        select votes.*, false, gen_random_uuid() from votes where ${own} and not provisional and withdrawn_at is not null
      ) as own order by least(left_id, right_id), greatest(left_id, right_id), stands desc, id
    ), moved as (
      -- An answer that was taken back arrives as a skip, which moves no rating. takeBackAgain withdraws it.
      insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, unknown, strategy, shown_at,
        created_at)
      select new_ballot, topic_id, ${to}::bigint, left_id, right_id, case when stands then outcome else 'skip' end,
        case when stands then unknown end, strategy, shown_at, created_at
      from answers
      where (select count(*) from things where id in (left_id, right_id) and retired_at is null) = 2
        -- As with a vote that is cast: nothing new counts in a topic that has closed.
        and (not provisional or exists (select from topics where topics.id = topic_id
          and topic_phase(phase, opens_at, closes_at, now()) in ('open', 'paused') for key share of topics))
      order by id
      on conflict do nothing
      returning id, topic_id, ballot_id
    ), noted as (
      insert into vote_notes (vote_id, topic_id, note, readers, is_named)
      select moved.id, moved.topic_id, note, readers, is_named from moved join answers on new_ballot = moved.ballot_id
        join vote_notes on vote_id = answers.id where stands
    ), set_apart as (
      -- An account is no way out for a voter whom the organisers set apart.
      insert into voter_events (voter_id, topic_id, kind)
      select ${to}::bigint, topic_id, kind from (
        select distinct on (topic_id) topic_id, kind from voter_events
        where voter_id = ${from} and topic_id in (select topic_id from moved) order by topic_id, xid desc, id desc
      ) as newest where kind <> 'restored')
    select (select count(*) from answers where stands)::int as standing,
      (select count(*) from moved join answers on new_ballot = moved.ballot_id where stands)::int as counted,
      (select coalesce(json_agg(distinct topic_id), '[]') from moved) as topics,
      (select coalesce(json_agg(moved.ballot_id), '[]') from moved join answers on new_ballot = moved.ballot_id
        where not stands) as "takenBack"`.execute(trx);
  if (topicId === null) await retireGuests(trx, [from]);
  return rows[0] ?? { standing: 0, counted: 0, topics: [], takenBack: [] };
}

/**
 * Withdraws votes that arrived as skips. A pair that was left open can lower later weights, so the ledger has to know
 * it. It orders votes and withdrawals by their transactions, so this is a transaction of its own.
 */
export async function takeBackAgain(db: Database, voterId: number, ballotIds: string[]): Promise<void> {
  if (ballotIds.length === 0) return;
  await db
    .updateTable('votes')
    .set({ withdrawnAt: sql`now()` })
    .where('ballotId', 'in', ballotIds)
    .where('voterId', '=', voterId)
    .where('withdrawnAt', 'is', null)
    .execute();
}

/**
 * Ends guests or invited voters, so that their cookies are good for nothing. One whose votes counted keeps a row,
 * which the ledger needs.
 */
export async function retireGuests(trx: Transaction, ids: number[]): Promise<void> {
  await sql`
    update voters set kind = 'former' where id = any (${ids}::bigint[]) and kind in ('guest', 'invited')
      and (exists (select from votes where voter_id = voters.id)
        or exists (select from invitations where voter_id = voters.id))`.execute(trx);
  await sql`
    delete from voters where id = any (${ids}::bigint[]) and kind in ('guest', 'invited')`.execute(trx);
}

// A member who has a place in a topic already keeps that one.
async function moveInvitations(trx: Transaction, from: number, to: number): Promise<void> {
  await sql`
    update invitations set voter_id = ${to} where voter_id = ${from}
      and not exists (select from invitations as own where own.topic_id = invitations.topic_id and own.voter_id = ${to})`.execute(
    trx,
  );
}
