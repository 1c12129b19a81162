import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';
import type { DecodedPicture } from './decode.js';

interface NewPicture {
  topicId: number;
  hash: string;
  decoded: DecodedPicture;
  /** The most bytes of all pictures of the topic. */
  maxBytes: number;
}

/**
 * Stores a picture for a topic. The same picture is stored once, for all topics.
 * @returns `new` or `known` to the topic; `full` when the topic has no room for it
 */
export async function storePicture(
  db: Database,
  { topicId, hash, decoded, maxBytes }: NewPicture,
): Promise<'new' | 'known' | 'full'> {
  return db.transaction().execute(async (trx) => {
    // Two pictures at the same time must not both get the last room.
    await sql`select from topics where id = ${topicId} for no key update`.execute(trx);
    const held = await readHeld(trx, topicId, hash);
    if (!held.hasPicture && held.bytes + bytesOf(decoded) > maxBytes) return 'full';
    await insertPicture(trx, hash, decoded);
    await trx
      .insertInto('topicPictures')
      .values({ topicId, hash })
      .onConflict((conflict) =>
        conflict.columns(['topicId', 'hash']).doUpdateSet({ unusedSince: sql`now()` }),
      )
      .execute();
    return held.hasPicture ? 'known' : 'new';
  });
}

/** Stores a picture without a topic, once. @returns whether it is new */
export async function insertPicture(
  trx: Transaction,
  hash: string,
  decoded: DecodedPicture,
): Promise<boolean> {
  const { width, height, sizes } = decoded;
  // The update locks a picture that is there, so that it is not removed meanwhile.
  const { isNew } = await trx
    .insertInto('pictures')
    .values({ hash, width, height, bytes: bytesOf(decoded) })
    .onConflict((conflict) => conflict.column('hash').doUpdateSet({ width }))
    .returning(sql<boolean>`xmax = 0`.as('isNew'))
    .executeTakeFirstOrThrow();
  if (isNew)
    await trx
      .insertInto('pictureSizes')
      .values(sizes.map(({ width, body }) => ({ hash, width, body: Buffer.from(body) })))
      .execute();
  return isNew;
}

const bytesOf = ({ sizes }: DecodedPicture): number => sizes.reduce((sum, { body }) => sum + body.length, 0);

async function readHeld(trx: Transaction, topicId: number, hash: string) {
  return trx
    .selectFrom('topicPictures')
    .innerJoin('pictures', 'pictures.hash', 'topicPictures.hash')
    .where('topicId', '=', topicId)
    .select(({ fn, val, eb }) => [
      fn.coalesce(fn.sum<number>('bytes'), val(0)).as('bytes'),
      fn.coalesce(fn.agg<boolean>('bool_or', [eb('pictures.hash', '=', hash)]), val(false)).as('hasPicture'),
    ])
    .executeTakeFirstOrThrow();
}
