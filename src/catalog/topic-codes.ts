import { randomInt } from 'node:crypto';
import type { Database } from '../database.js';
import type { TopicActor } from './change-phase.js';
import { recordTopicEvent } from './topic-events.js';

// No vowels, so that no code is a word, and nothing that looks like something else.
const LETTERS = '23456789BCDFGHJKMNPQRSTVWXZ';
const LENGTH = 8;

/** Reads a code as people type it, with small letters, spaces and hyphens; undefined when it can't be one. */
export function parseCode(text: string): string | undefined {
  const code = text.toUpperCase().replace(/[\s-]/g, '');
  return code.length === LENGTH && [...code].every((letter) => LETTERS.includes(letter)) ? code : undefined;
}

/** Writes a code in two groups, as people read it out: `BCDF 2345`. */
export const formatCode = (code: string): string => `${code.slice(0, LENGTH / 2)} ${code.slice(LENGTH / 2)}`;

/**
 * Gives a topic a new code, 38 random bits, which people type to vote in it. The old one stops working. A topic that
 * needs invitations gets none.
 */
export const makeTopicCode = (db: Database, actor: TopicActor): Promise<void> =>
  setCode(db, actor, {
    code: Array.from({ length: LENGTH }, () => LETTERS.charAt(randomInt(LETTERS.length))).join(''),
    kind: 'code made',
  });

/** Takes the code of a topic away. */
export const removeTopicCode = (db: Database, actor: TopicActor): Promise<void> =>
  setCode(db, actor, { code: null, kind: 'code turned off' });

async function setCode(
  db: Database,
  { topicId, userId }: TopicActor,
  { code, kind }: { code: string | null; kind: string },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('topics')
      .set({ code })
      .where('id', '=', topicId)
      .where('access', '<>', 'invited')
      .executeTakeFirst();
    if (numUpdatedRows) await recordTopicEvent(trx, { topicId, userId, kind });
  });
}

/** Finds the slug of the topic that has a code; undefined when none has it, or an admin has hidden it. */
export async function findByCode(db: Database, code: string): Promise<string | undefined> {
  const topic = await db
    .selectFrom('topics')
    .where('code', '=', code)
    .where('deletedAt', 'is', null)
    .where('hiddenAt', 'is', null)
    .select('slug')
    .executeTakeFirst();
  return topic?.slug;
}
