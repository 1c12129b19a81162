import { sql } from 'kysely';
import { GUEST_LIFETIME_DAYS } from '../auth/guest-cookie.js';
import type { Database, Transaction } from '../database.js';
import type { NetworkGroups } from '../http/network.js';
import { statement } from '../statement.js';
import { retireGuests } from './take-over.js';
import { isAdmittedSql } from './takes-votes.js';

/** Whether a guest or an invited voter exists. One whose votes were taken over or deleted does not. */
export async function guestExists(db: Database, id: number): Promise<boolean> {
  return (await selectGuest(db, id)).length > 0;
}

const selectGuest = statement<{ id: number }>(`
  select id from voters where id = $1 and kind in ('guest', 'invited')`);

/**
 * Creates a guest for a first vote.
 * @param ballotId the ballot of that vote. If it was cast before and only the response was lost, its guest is
 * returned.
 * @param groups the networks of the request
 * @returns the guest's id among the voters
 */
export async function createGuest(
  db: Database,
  { ballotId, groups }: { ballotId: string; groups: NetworkGroups },
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    with known as (
      select voters.id from votes join voters on voters.id = voter_id
      where ballot_id = ${ballotId}::uuid and kind in ('guest', 'invited')
    ), made as (
      insert into voters (kind, network_group, wide_group)
      select 'guest', ${groups.networkGroup}, ${groups.wideGroup}::text where not exists (select from known) returning id)
    select id from known union all select id from made`.execute(db);
  const [guest] = rows;
  if (!guest) throw new Error('the statement finds or creates a guest');
  return guest.id;
}

/**
 * Deletes a guest and their votes. Votes that counted are withdrawn. Votes by an invitation that has ended stay: they are
 * those of its place, and go on with its next link.
 * @returns whether all votes are gone; when some stay, so does their voter
 */
export async function deleteGuest(db: Database, id: number): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await trx.selectFrom('voters').where('id', '=', id).select('id').forUpdate().execute();
    await sql`delete from votes where voter_id = ${id} and provisional`.execute(trx);
    await sql`
      update votes set withdrawn_at = now() where voter_id = ${id} and withdrawn_at is null
        and exists (select from topics where topics.id = topic_id and ${isAdmitted})`.execute(trx);
    const { rows } = await sql`
      select from votes where voter_id = ${id} and withdrawn_at is null limit 1`.execute(trx);
    if (rows.length === 0) await retireGuests(trx, [id]);
    return rows.length === 0;
  });
}

const isAdmitted = sql.raw(isAdmittedSql({ topic: 'votes.topic_id', voter: 'votes.voter_id' }));

/**
 * Deletes what waits for guests who have not voted for `GUEST_LIFETIME_DAYS`, a thousand guests at a time, and old votes
 * of invited voters that do not count. Votes that counted stay.
 */
export async function purgeGuests(db: Database): Promise<void> {
  await sql`
    delete from votes using voters
    where voters.id = voter_id and kind = 'invited' and provisional and votes.created_at < ${oldest}`.execute(
    db,
  );
  for (let purged = BATCH_SIZE; purged === BATCH_SIZE; )
    purged = await db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ id: number }>`
        select id from voters where kind = 'guest' and created_at < ${oldest}
          and not exists (select from votes where voter_id = voters.id and created_at >= ${oldest})
          and not exists (select from voter_events where voter_id = voters.id)
        order by created_at limit ${BATCH_SIZE} for update skip locked`.execute(trx);
      await purge(
        trx,
        rows.map(({ id }) => id),
      );
      return rows.length;
    });
}

const BATCH_SIZE = 1_000;
const oldest = sql`now() - ${`${GUEST_LIFETIME_DAYS} days`}::interval`;

async function purge(trx: Transaction, ids: number[]): Promise<void> {
  await sql`delete from votes where voter_id = any (${ids}::bigint[]) and provisional`.execute(trx);
  await retireGuests(trx, ids);
}
