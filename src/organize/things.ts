import { sql } from 'kysely';
import type { Thing } from '../catalog/things.js';
import type { Database } from '../database.js';
import type { ListedThing } from './pages.js';

/** Number of things on a page of the list. */
export const THINGS_PER_PAGE = 50;

/**
 * Lists the things of a topic by name, those that are retired last.
 * @param options `query` is a part of the name; `page` counts from 1
 */
export async function listThings(
  db: Database,
  topicId: number,
  { query, page }: { query: string; page: number },
): Promise<{ things: ListedThing[]; found: number }> {
  const { rows } = await sql<ListedThing & { found: number }>`
    select things.id, things.name, things.picture, things.description, things.retired_at is not null as is_retired,
      other.name as merged_into, coalesce(wins + losses + ties, 0) as votes, count(*) over ()::int as found
    from things left join ratings on thing_id = things.id left join things as other on other.id = things.merged_into
    where things.topic_id = ${topicId} and strpos(lower(things.name), lower(${query})) > 0
    order by things.retired_at is not null, lower(things.name), things.id
    limit ${THINGS_PER_PAGE} offset ${(page - 1) * THINGS_PER_PAGE}`.execute(db);
  return { things: rows, found: rows[0]?.found ?? 0 };
}

/** Counts the things of a topic: those that can be voted on, and all. */
export async function countThings(db: Database, topicId: number): Promise<{ live: number; all: number }> {
  const { rows } = await sql<{ live: number; all: number }>`
    select (count(*) filter (where retired_at is null))::int as live, count(*)::int as "all"
    from things where topic_id = ${topicId}`.execute(db);
  return rows[0] ?? { live: 0, all: 0 };
}

/** The names of a topic's things, retired ones included. */
export async function namesIn(db: Database, topicId: number): Promise<string[]> {
  const rows = await db.selectFrom('things').where('topicId', '=', topicId).select('name').execute();
  return rows.map(({ name }) => name);
}

/** Finds a thing of a topic that can be voted on by its name, in any case; undefined when there is none. */
export async function findThingByName(
  db: Database,
  topicId: number,
  name: string,
): Promise<Pick<Thing, 'id' | 'name'> | undefined> {
  return db
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .where(sql`lower(name)`, '=', sql`lower(${name.trim()})`)
    .where('retiredAt', 'is', null)
    .select(['id', 'name'])
    .executeTakeFirst();
}
