import { sql } from 'kysely';
import type { Transaction } from '../database.js';
import { type ThingCells, tagsOf, thingSlug } from './thing-fields.js';
import { invalidateTopicCaches } from './things.js';
import { recordTopicEvent } from './topic-events.js';

/** A thing that somebody changes. */
export interface ThingChange {
  topicId: number;
  thingId: number;
  userId: number;
}

/**
 * Changes the fields of a thing, except its picture. They are checked already.
 * @returns false when another thing of the topic has the name
 */
export async function changeThing(
  trx: Transaction,
  { topicId, thingId, userId }: ThingChange,
  cells: ThingCells,
): Promise<boolean> {
  const { name, description, link, text, tags, location, team } = cells;
  const taken = await trx
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .where(sql`lower(name)`, '=', sql`lower(${name})`)
    .where('id', '<>', thingId)
    .select('id')
    .executeTakeFirst();
  if (taken) return false;
  await trx
    .updateTable('things')
    .where('topicId', '=', topicId)
    .where('id', '=', thingId)
    .set({
      ...{ name, slug: thingSlug(name), tags: tagsOf(tags) },
      ...{ description: description || null, link: link || null, text: text || null },
      ...{ location: location || null, team: team || null },
    })
    .execute();
  await recordTopicEvent(trx, { topicId, userId, kind: 'thing changed', details: { thingId, name } });
  await invalidateTopicCaches(trx, topicId);
  return true;
}

/** Takes a thing out of the vote, or puts it back. Its votes stay. A thing that is merged is left as it is. */
export async function setRetired(
  trx: Transaction,
  { topicId, thingId, userId }: ThingChange,
  isRetired: boolean,
): Promise<void> {
  const changed = await trx
    .updateTable('things')
    .where('topicId', '=', topicId)
    .where('id', '=', thingId)
    .where('mergedInto', 'is', null)
    .where('retiredAt', isRetired ? 'is' : 'is not', null)
    .set({ retiredAt: isRetired ? new Date() : null })
    .returning('name')
    .executeTakeFirst();
  if (!changed) return;
  const kind = isRetired ? 'thing retired' : 'thing restored';
  await recordTopicEvent(trx, { topicId, userId, kind, details: { thingId, name: changed.name } });
  await invalidateTopicCaches(trx, topicId);
}
