import type { Selectable } from 'kysely';
import type { Database } from '../database.js';
import type { ThingsTable } from '../schema.js';

/** One thing that people vote on. */
export type Thing = Selectable<ThingsTable>;

/** A thing by its id as it stands in an address; undefined when there is none. */
export async function findThing(db: Database, id: string): Promise<Thing | undefined> {
  if (!/^[1-9]\d{0,14}$/.test(id)) return undefined;
  return db.selectFrom('things').where('id', '=', Number(id)).selectAll().executeTakeFirst();
}
