import type { Database, Transaction } from '../database.js';
import { recordTopicEvent } from './topic-events.js';
import { thingsPath } from './topics.js';

/** What a voter finds wrong with a thing. */
export interface OpenFlag {
  id: number;
  thingId: number;
  name: string;
  reason: string;
  createdAt: Date;
  topicId: number;
  topicTitle: string;
  /** The page of the thing. */
  path: string;
}

/** Flags a thing. A second flag of the same voter replaces the first while nobody has decided on it. */
export async function flagThing(
  trx: Transaction,
  {
    topicId,
    thingId,
    voterId,
    reason,
  }: { topicId: number; thingId: number; voterId: number; reason: string },
): Promise<void> {
  await trx
    .insertInto('flags')
    .values({ topicId, thingId, voterId, reason })
    .onConflict((conflict) =>
      conflict.columns(['thingId', 'voterId']).where('decidedAt', 'is', null).doUpdateSet({ reason }),
    )
    .execute();
}

/**
 * The flags that nobody has decided on, oldest first; 50 at most.
 * @param topicId undefined for those of all topics
 */
export async function openFlags(db: Database, topicId?: number): Promise<OpenFlag[]> {
  const flags = await db
    .selectFrom('flags')
    .innerJoin('things', 'things.id', 'thingId')
    .innerJoin('topics', 'topics.id', 'flags.topicId')
    .$if(topicId !== undefined, (query) => query.where('flags.topicId', '=', topicId ?? 0))
    .where('decidedAt', 'is', null)
    .where('deletedAt', 'is', null)
    .select([
      'flags.id',
      'thingId',
      'things.name',
      'reason',
      'flags.createdAt',
      'flags.topicId',
      'access',
      'topics.slug',
    ])
    .select('title as topicTitle')
    .orderBy('flags.id')
    .limit(50)
    .execute();
  return flags.map(({ access, slug, ...flag }) => ({
    ...flag,
    path: `${thingsPath({ access, slug })}/${flag.thingId}`,
  }));
}

/** Closes a flag of a topic. Nothing happens to one that is closed. */
export async function closeFlag(
  trx: Transaction,
  { topicId, flagId, userId }: { topicId: number; flagId: number; userId: number | null },
): Promise<void> {
  const flag = await trx
    .updateTable('flags')
    .where('id', '=', flagId)
    .where('topicId', '=', topicId)
    .where('decidedAt', 'is', null)
    .set({ decidedAt: new Date(), decidedBy: userId })
    .returning('thingId')
    .executeTakeFirst();
  if (flag)
    await recordTopicEvent(trx, { topicId, userId, kind: 'flag closed', details: { thingId: flag.thingId } });
}

/** How many suggestions and flags of a topic wait for a decision. */
export async function countOpen(db: Database, topicId: number): Promise<number> {
  const count = (table: 'suggestions' | 'flags') =>
    db
      .selectFrom(table)
      .where('topicId', '=', topicId)
      .where('decidedAt', 'is', null)
      .select(({ fn }) => fn.countAll<number>().as('open'))
      .executeTakeFirstOrThrow();
  const [suggestions, flags] = await Promise.all([count('suggestions'), count('flags')]);
  return Number(suggestions.open) + Number(flags.open);
}
