import { type Selectable, sql } from 'kysely';
import type { Database } from '../database.js';
import type { ThingsTable } from '../schema.js';

/** One thing that people vote on. */
export type Thing = Selectable<ThingsTable>;

/** A thing by its id; undefined when there is none. */
export async function findThing(db: Database, id: number): Promise<Thing | undefined> {
  return db.selectFrom('things').where('id', '=', id).selectAll().executeTakeFirst();
}

/** A thing's id as it stands in an address; undefined for what is no id. */
export function readThingId(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/**
 * Makes every process load a topic's board again, and the ranker its things. Call it when they change.
 * @param trx the transaction of that change
 */
export async function announceThings(trx: Database, topicId: number): Promise<void> {
  await sql`update ranker_position set generation = generation + 1`.execute(trx);
  await sql`update boards set changes = changes + 1, version = version + 1 where topic_id = ${topicId}`.execute(
    trx,
  );
}
