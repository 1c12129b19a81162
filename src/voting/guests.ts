import { hkdfSync } from 'node:crypto';
import { sign, unsign } from 'cookie-signature';
import type { Request, Response } from 'express';
import { sql } from 'kysely';
import type { Config } from '../config.js';
import { type Database, isDatabaseAway } from '../database.js';
import { clearCookie, readCookie, setCookie } from '../http/cookies.js';
import { statement } from '../statement.js';
import type { Queues } from './queue.js';

/** How many days a guest's votes are kept after the last of them. */
export const KEPT_FOR_DAYS = 30;
const DAY_MS = 24 * 3_600_000;

/**
 * The guest that a browser's cookie names; undefined without one, or with one that this site did not sign. Whether the
 * guest is still there, `findGuest` tells.
 */
export function readGuest(req: Request, config: Config): number | undefined {
  const offered = readCookie(req, 'guest');
  if (offered === undefined) return undefined;
  for (const secret of config.secrets) {
    const id = Number(unsign(offered, keyOf(secret)));
    if (Number.isSafeInteger(id) && id > 0) return id;
  }
  return undefined;
}

/** Lets the browser remember which guest it votes as, until their votes would be deleted. */
export function rememberGuest(res: Response, id: number, config: Config): void {
  const value = sign(String(id), keyOf(config.secrets[0]));
  setCookie(res, 'guest', { value, maxAge: KEPT_FOR_DAYS * DAY_MS });
}

/** Whether a guest is still there: not after their votes were taken over or deleted. */
export async function findGuest(db: Database, id: number): Promise<boolean> {
  return (await selectGuest(db, id)).length > 0;
}

const selectGuest = statement<{ id: number }>(`select id from voters where id = $1 and kind = 'guest'`);

/**
 * Makes a guest of somebody who casts their first vote.
 * @param ballotId of that vote; when it was cast before, and only the answer was lost on the way, it is its guest again
 * @param networkGroup names the network that they came by
 * @returns the guest's id among the voters
 */
export async function makeGuest(
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
  if (!guest) throw new Error('a guest is known or made');
  return guest.id;
}

/** What became of a guest's votes when it was known whose they are: all of them count, some, or none. */
export type TakenOver = 'all' | 'some' | 'none';

/**
 * Makes the votes of this browser's guest those of a member, who has logged in or registered just now. A vote does not
 * count where the member had answered that pair before, or a thing was taken down. Nothing of the guest is left, so
 * that a copy of their cookie is worth nothing. While the database is away the votes go on waiting.
 * @returns undefined when there were no votes
 */
export async function takeOverVotes(
  req: Request,
  res: Response,
  { db, config, queues, voter }: { db: Database; config: Config; queues: Queues; voter: number },
): Promise<TakenOver | undefined> {
  const guest = readGuest(req, config);
  if (guest === undefined) return undefined;
  try {
    const { kept, topics, counted } = await moveVotes(db, guest, voter);
    for (const topicId of topics) await queues.markStale(voter, topicId);
    clearCookie(res, 'guest');
    if (kept === 0) return undefined;
    return counted === kept ? 'all' : counted > 0 ? 'some' : 'none';
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    return undefined;
  }
}

interface Moved {
  /** How many votes of the guest stood. */
  kept: number;
  /** How many of them are the member's now, and in which topics. */
  counted: number;
  topics: number[];
}

function moveVotes(db: Database, guest: number, member: number): Promise<Moved> {
  return db.transaction().execute(async (trx) => {
    // First of all, so that the statement after it sees every vote, also one that was under way.
    await trx.selectFrom('voters').where('id', '=', guest).select('id').forUpdate().execute();
    const { rows } = await sql<Moved>`
      with gone as (
        delete from voters where id = ${guest} and kind = 'guest'
      ), taken as (
        delete from votes where voter_id = ${guest} and provisional returning *
      ), answers as (
        select distinct on (least(left_id, right_id), greatest(left_id, right_id)) *, withdrawn_at is null as stands
        from taken order by least(left_id, right_id), greatest(left_id, right_id), withdrawn_at nulls first, id
      ), moved as (
        -- An answer that was taken back is a pair that was left open: a skip, by which later votes are weighed.
        insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, unknown, strategy, shown_at,
          created_at)
        select ballot_id, topic_id, ${member}::bigint, left_id, right_id, case when stands then outcome else 'skip' end,
          case when stands then unknown end, strategy, shown_at, created_at
        from answers
        where (select count(*) from things where id in (left_id, right_id) and retired_at is null) = 2
        order by id
        on conflict do nothing
        returning topic_id, ballot_id)
      select (select count(*) from answers where stands)::int as kept,
        (select count(*) from moved join answers using (ballot_id) where stands)::int as counted,
        (select coalesce(json_agg(distinct topic_id), '[]') from moved) as topics`.execute(trx);
    return rows[0] ?? { kept: 0, counted: 0, topics: [] };
  });
}

/** Deletes a guest and their votes, none of which has ever counted. */
export async function deleteGuest(db: Database, id: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.selectFrom('voters').where('id', '=', id).select('id').forUpdate().execute();
    await deleteGuests(trx, [id]);
  });
}

/** Deletes the guests who have not voted for thirty days, a thousand at a time. */
export async function purgeGuests(db: Database): Promise<void> {
  for (let found = MOST_AT_ONCE; found === MOST_AT_ONCE; )
    found = await db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ id: number }>`
        select id from voters where kind = 'guest' and created_at < ${limit}
          and not exists (select from votes where voter_id = voters.id and created_at >= ${limit})
          and not exists (select from voter_events where voter_id = voters.id)
        order by created_at limit ${MOST_AT_ONCE} for update skip locked`.execute(trx);
      await deleteGuests(
        trx,
        rows.map(({ id }) => id),
      );
      return rows.length;
    });
}

const MOST_AT_ONCE = 1_000;
const limit = sql`now() - ${`${KEPT_FOR_DAYS} days`}::interval`;

async function deleteGuests(trx: Database, ids: number[]): Promise<void> {
  await sql`delete from votes where voter_id = any (${ids}::bigint[]) and provisional`.execute(trx);
  await sql`delete from voters where id = any (${ids}::bigint[]) and kind = 'guest'`.execute(trx);
}

// Derived once: that takes longer than to check a signature.
const keys = new Map<string, string>();

function keyOf(secret: string): string {
  const known =
    keys.get(secret) ??
    Buffer.from(hkdfSync('sha256', secret, '', 'thinga guest 2', 32)).toString('base64url');
  keys.set(secret, known);
  return known;
}
