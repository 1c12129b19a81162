import type { Request, Response } from 'express';
import { sql } from 'kysely';
import type { Config } from '../config.js';
import { type Database, isDatabaseUnavailable, type Transaction } from '../database.js';
import { clearCookie } from '../http/cookies.js';
import { statement } from '../statement.js';
import { GUEST_LIFETIME_DAYS, readGuest } from './guest-cookie.js';
import type { Queues } from './queue.js';

/** Whether a guest exists. A guest whose votes were taken over or deleted does not. */
export async function guestExists(db: Database, id: number): Promise<boolean> {
  return (await selectGuest(db, id)).length > 0;
}

const selectGuest = statement<{ id: number }>(`select id from voters where id = $1 and kind = 'guest'`);

/**
 * Creates a guest for a first vote.
 * @param ballotId the ballot of that vote. If it was cast before and only the response was lost, its guest is
 * returned.
 * @param networkGroup names the network of the request
 * @returns the guest's id among the voters
 */
export async function createGuest(
  db: Database,
  { ballotId, networkGroup }: { ballotId: string; networkGroup: string },
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    with known as (
      select voter_id as id from votes where ballot_id = ${ballotId}::uuid and provisional
    ), made as (
      insert into voters (kind, network_group)
      select 'guest', ${networkGroup} where not exists (select from known) returning id)
    select id from known union all select id from made`.execute(db);
  const [guest] = rows;
  if (!guest) throw new Error('the statement finds or creates a guest');
  return guest.id;
}

/** How many of a guest's votes count after a log-in: all of them, some, or none. */
type TakenOver = 'all' | 'some' | 'none';

/**
 * Moves the votes of this browser's guest to a member who has just logged in or registered. A vote does not
 * count when the member answered that pair before, or when one of its things was taken down. The guest is
 * deleted, so a copy of the cookie is worth nothing. While the database is unavailable the votes wait.
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
    const { standing, counted, topics, takenBack } = await moveVotes(db, guestId, memberId);
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

interface MovedVotes {
  /** How many votes of the guest stood. */
  standing: number;
  /** How many of them belong to the member now. */
  counted: number;
  /** The topics of those, and of the votes that the guest took back. */
  topics: number[];
  /** The ballots of votes that the guest took back. */
  takenBack: string[];
}

function moveVotes(db: Database, guestId: number, memberId: number): Promise<MovedVotes> {
  return db.transaction().execute(async (trx) => {
    // The lock waits for a vote that is being cast, so that the next statement sees every vote.
    await trx.selectFrom('voters').where('id', '=', guestId).select('id').forUpdate().execute();
    const { rows } = await sql<MovedVotes>`
      with gone as (
        delete from voters where id = ${guestId} and kind = 'guest'
      ), taken as (
        delete from votes where voter_id = ${guestId} and provisional returning *
      ), answers as (
        select distinct on (least(left_id, right_id), greatest(left_id, right_id)) *, withdrawn_at is null as stands
        from taken order by least(left_id, right_id), greatest(left_id, right_id), withdrawn_at nulls first, id
      ), moved as (
        -- An answer that was taken back arrives as a skip, which moves no rating. takeBackAgain withdraws it.
        insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, unknown, strategy, shown_at,
          created_at)
        select ballot_id, topic_id, ${memberId}::bigint, left_id, right_id, case when stands then outcome else 'skip' end,
          case when stands then unknown end, strategy, shown_at, created_at
        from answers
        where (select count(*) from things where id in (left_id, right_id) and retired_at is null) = 2
        order by id
        on conflict do nothing
        returning topic_id, ballot_id)
      select (select count(*) from answers where stands)::int as standing,
        (select count(*) from moved join answers using (ballot_id) where stands)::int as counted,
        (select coalesce(json_agg(distinct topic_id), '[]') from moved) as topics,
        (select coalesce(json_agg(ballot_id), '[]') from moved join answers using (ballot_id)
          where not stands) as "takenBack"`.execute(trx);
    return rows[0] ?? { standing: 0, counted: 0, topics: [], takenBack: [] };
  });
}

// A pair that was left open can lower later weights, so the ledger has to know it. It orders votes and withdrawals by
// their transactions, so this is a transaction of its own.
async function takeBackAgain(db: Database, memberId: number, ballotIds: string[]): Promise<void> {
  if (ballotIds.length === 0) return;
  await db
    .updateTable('votes')
    .set({ withdrawnAt: sql`now()` })
    .where('ballotId', 'in', ballotIds)
    .where('voterId', '=', memberId)
    .where('withdrawnAt', 'is', null)
    .execute();
}

/** Deletes a guest and their votes. These votes never counted. */
export async function deleteGuest(db: Database, id: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.selectFrom('voters').where('id', '=', id).select('id').forUpdate().execute();
    await deleteGuests(trx, [id]);
  });
}

/** Deletes the guests who have not voted for `GUEST_LIFETIME_DAYS`, a thousand at a time. */
export async function purgeGuests(db: Database): Promise<void> {
  for (let deleted = BATCH_SIZE; deleted === BATCH_SIZE; )
    deleted = await db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ id: number }>`
        select id from voters where kind = 'guest' and created_at < ${oldest}
          and not exists (select from votes where voter_id = voters.id and created_at >= ${oldest})
          and not exists (select from voter_events where voter_id = voters.id)
        order by created_at limit ${BATCH_SIZE} for update skip locked`.execute(trx);
      await deleteGuests(
        trx,
        rows.map(({ id }) => id),
      );
      return rows.length;
    });
}

const BATCH_SIZE = 1_000;
const oldest = sql`now() - ${`${GUEST_LIFETIME_DAYS} days`}::interval`;

async function deleteGuests(trx: Transaction, ids: number[]): Promise<void> {
  await sql`delete from votes where voter_id = any (${ids}::bigint[]) and provisional`.execute(trx);
  await sql`delete from voters where id = any (${ids}::bigint[]) and kind = 'guest'`.execute(trx);
}
