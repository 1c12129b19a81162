import { type RawBuilder, sql } from 'kysely';
import { UNKNOWN } from '../../addresses.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';

/**
 * Shortens addresses in the record after some days: IPv4 to a /24, IPv6 to a /48. After some more days it forgets them,
 * and the devices. A device is only the name of a browser and a system, so it stays until then. A live session keeps
 * what is left of both. The chain of events stays whole. Each statement takes a thousand rows, the oldest.
 */
export async function forgetAddresses(
  db: Database,
  { retentionShortenDays, retentionDeleteDays }: Pick<Config, 'retentionShortenDays' | 'retentionDeleteDays'>,
): Promise<void> {
  const isShortened = olderThan(retentionShortenDays);
  const isForgotten = olderThan(retentionDeleteDays);
  await inBatches(
    db,
    sql`
      delete from session_event_origins using session_events as event
      where event.id = event_id and ${isForgotten(sql`at`)} and event_id in (
        select event_id from session_event_origins order by event_id limit ${BATCH_SIZE} for update skip locked)
      returning event_id`,
  );
  await inBatches(
    db,
    sql`
      update session_event_origins set salt = null, address = coalesce(${networkSql}, address) from session_events as event
      where event.id = event_id and ${isShortened(sql`at`)} and event_id in (
        select event_id from session_event_origins where salt is not null
        order by event_id limit ${BATCH_SIZE} for update skip locked)
      returning event_id`,
  );
  await inBatches(
    db,
    sql`
      update sessions set device = null, address = null
      where ${isForgotten(sql`created_at`)} and id in (
        select id from sessions where status <> 'active' and (device is not null or address is not null)
        order by id limit ${BATCH_SIZE} for update skip locked)
      returning id`,
  );
  await inBatches(
    db,
    sql`
      update sessions set address = ${networkSql}
      where ${isShortened(sql`created_at`)} and id in (
        select id from sessions where position('/' in address) = 0
        order by id limit ${BATCH_SIZE} for update skip locked)
      returning id`,
  );
}

const BATCH_SIZE = 1_000;

const olderThan =
  (days: number) =>
  (time: RawBuilder<unknown>): RawBuilder<unknown> =>
    sql`${time} < now() - ${`${days} days`}::interval`;

const networkSql = sql`
  case when address <> ${UNKNOWN} then
    network(set_masklen(address::inet, case family(address::inet) when 4 then 24 else 48 end))::text end`;

// The first thousand ids are the oldest rows, because ids follow time. When none of them is due, none is.
async function inBatches(db: Database, statement: RawBuilder<unknown>): Promise<void> {
  let hasChanged = true;
  while (hasChanged) hasChanged = (await statement.execute(db)).rows.length > 0;
}
