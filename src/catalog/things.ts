import { type Selectable, sql } from 'kysely';
import type { Database, Transaction } from '../database.js';
import type { ThingsTable } from '../schema.js';

/** One thing that people vote on, as the database has it. */
export type Thing = Selectable<ThingsTable>;

/** Finds a thing by its id; undefined when there is none. */
export async function findThing(db: Database, id: number): Promise<Thing | undefined> {
  return db.selectFrom('things').where('id', '=', id).selectAll().executeTakeFirst();
}

/** Reads the texts of some things, by their ids. Things without a text are left out. */
export async function readTexts(db: Database, ids: number[]): Promise<Map<number, string>> {
  const rows = await db.selectFrom('things').where('id', 'in', ids).select(['id', 'text']).execute();
  return new Map(rows.flatMap(({ id, text }) => (text ? [[id, text] as const] : [])));
}

/** Reads a thing's id from an address; undefined when the text is not an id. */
export function parseThingId(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/**
 * Makes every web process reload a topic's board, and the ranker reload its things. Call it when things
 * change.
 * @param trx the transaction that changes the things
 */
export async function invalidateTopicCaches(trx: Transaction, topicId: number): Promise<void> {
  await sql`update ranker_position set generation = generation + 1`.execute(trx);
  await sql`update boards set changes = changes + 1, version = version + 1 where topic_id = ${topicId}`.execute(
    trx,
  );
}
