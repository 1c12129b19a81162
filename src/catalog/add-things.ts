import { sql } from 'kysely';
import type { Transaction } from '../database.js';
import { type ThingCells, thingSlug } from './thing-fields.js';
import { invalidateTopicCaches } from './things.js';

/**
 * Adds things to a topic. Their fields are checked already. A thing whose name the topic has is left out.
 * @returns how many were added
 */
export async function addThings(
  trx: Transaction,
  { topicId, things, addedBy }: { topicId: number; things: ThingCells[]; addedBy: number | null },
): Promise<number> {
  if (things.length === 0) return 0;
  const column = (name: keyof ThingCells) => sql`${things.map((cells) => cells[name])}::text[]`;
  const { numAffectedRows } = await sql`
    insert into things (topic_id, added_by, slug, name, picture, description, link, text, tags, location, team)
    select ${topicId}::bigint, ${addedBy}::bigint, slug, name, nullif(picture, ''), nullif(description, ''),
      nullif(link, ''), nullif(text, ''), coalesce(string_to_array(nullif(tags, ''), ', '), '{}'),
      nullif(location, ''), nullif(team, '')
    from unnest(${things.map(({ name }) => thingSlug(name))}::text[], ${column('name')}, ${column('picture')},
      ${column('description')}, ${column('link')}, ${column('text')}, ${column('tags')}, ${column('location')},
      ${column('team')}) with ordinality
      as added (slug, name, picture, description, link, text, tags, location, team, row_no)
    order by row_no
    on conflict (topic_id, lower(name)) do nothing`.execute(trx);
  await invalidateTopicCaches(trx, topicId);
  return Number(numAffectedRows ?? 0);
}
