import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import { thingSlug } from '../thing-fields.js';
import { invalidateTopicCaches } from '../things.js';
import { recordTopicEvent } from '../topic-events.js';
import { nameOfFile, numberedName } from './name-of-file.js';
import type { SavedPicture } from './pictures.js';

/** A file that somebody sent, and what became of it. */
export interface ReceivedFile {
  filename: string;
  saved: SavedPicture;
}

/** What came out of a file: a new thing, or a problem in a sentence. */
export interface FileResult {
  filename: string;
  thing: { id: number; name: string; picture: string } | undefined;
  problem: string | undefined;
}

/**
 * Makes a thing of each picture, named after its file. A name that the topic has gets a number. A file that was sent
 * before is left out, so that people can send everything again after a broken connection.
 * @param most how many things the topic may have
 */
export async function addPictureThings(
  trx: Transaction,
  { topicId, userId, most }: { topicId: number; userId: number; most: number },
  files: ReceivedFile[],
): Promise<FileResult[]> {
  // Two forms at once must not choose the same names.
  await sql`select from topics where id = ${topicId} for no key update`.execute(trx);
  const things = { topicId, userId, room: most - (await countThings(trx, topicId)) };
  const results: FileResult[] = [];
  for (const { filename, saved } of files) {
    const { thing, problem } =
      'problem' in saved
        ? { thing: undefined, problem: saved.problem }
        : await addThing(trx, things, { filename, picture: saved.picture });
    if (thing) things.room--;
    results.push({ filename, thing, problem });
  }
  const count = results.filter(({ thing }) => thing).length;
  if (count > 0) {
    await recordTopicEvent(trx, { topicId, userId, kind: 'things added', details: { count } });
    await invalidateTopicCaches(trx, topicId);
  }
  return results;
}

async function addThing(
  trx: Transaction,
  { topicId, userId, room }: { topicId: number; userId: number; room: number },
  { filename, picture }: { filename: string; picture: string },
): Promise<Pick<FileResult, 'thing' | 'problem'>> {
  const wanted = nameOfFile(filename);
  const before = await findSame(trx, { topicId, picture, wanted });
  if (before !== undefined) return refused(`This picture is in the topic already, as “${before}”.`);
  if (room <= 0) return refused('This topic has as many things as it may have.');
  const name = await findFreeName(trx, topicId, wanted);
  const { id } = await trx
    .insertInto('things')
    .values({ topicId, name, slug: thingSlug(name), picture, addedBy: userId })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { thing: { id, name, picture }, problem: undefined };
}

const refused = (problem: string) => ({ thing: undefined, problem });

async function countThings(trx: Transaction, topicId: number): Promise<number> {
  const { things } = await trx
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .select(({ fn }) => fn.countAll<number>().as('things'))
    .executeTakeFirstOrThrow();
  return Number(things);
}

/** The name of a thing that came from the same file: its picture and its name are the same, apart from a number. */
async function findSame(
  trx: Transaction,
  { topicId, picture, wanted }: { topicId: number; picture: string; wanted: string },
): Promise<string | undefined> {
  const things = await trx
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .where('pictureHash', '=', picture.slice(0, 64))
    .where('retiredAt', 'is', null)
    .select('name')
    .execute();
  return things.find(({ name }) => {
    const number = Number(/ (\d{1,9})$/.exec(name)?.[1] ?? 1);
    return name === wanted || name === numberedName(wanted, number);
  })?.name;
}

const NAMES_AT_ONCE = 50;

async function findFreeName(trx: Transaction, topicId: number, wanted: string): Promise<string> {
  for (let first = 1; ; first += NAMES_AT_ONCE) {
    const names = Array.from({ length: NAMES_AT_ONCE }, (_, index) => numberedName(wanted, first + index));
    // Postgres decides which names are the same.
    const { rows } = await sql<{ name: string }>`
      select name from unnest(${names}::text[]) with ordinality as wanted (name, number)
      where not exists (select from things where topic_id = ${topicId} and lower(things.name) = lower(wanted.name))
      order by number limit 1`.execute(trx);
    if (rows[0]) return rows[0].name;
  }
}
