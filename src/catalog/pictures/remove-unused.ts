import { sql } from 'kysely';
import type { Database } from '../../database.js';

/**
 * Removes the pictures that no thing has shown for a day, from their topics, and from the database when no topic has
 * them. A retired thing still shows its picture.
 */
export async function removeUnusedPictures(db: Database): Promise<void> {
  const isShown = sql`exists (
    select from things where things.topic_id = topic_pictures.topic_id and picture_hash = topic_pictures.hash)`;
  await sql`
    update topic_pictures set unused_since = case when ${isShown} then null else now() end
    where ${isShown} = (unused_since is not null)`.execute(db);
  await sql`
    delete from topic_pictures where unused_since < now() - interval '1 day' and not ${isShown}`.execute(db);
  await sql`
    delete from pictures where ${isHeldByNobody}`.execute(db);
}

/** Removes pictures from a topic at once, as far as no thing shows them. */
export async function removeUnshown(db: Database, topicId: number, pictures: string[]): Promise<void> {
  if (pictures.length === 0) return;
  const hashes = pictures.map((picture) => picture.slice(0, 64));
  await sql`
    delete from topic_pictures where topic_id = ${topicId} and hash = any(${hashes}::text[])
      and not exists (select from things where topic_id = ${topicId} and picture_hash = topic_pictures.hash)`.execute(
    db,
  );
  await sql`
    delete from pictures where hash = any(${hashes}::text[])
      and ${isHeldByNobody}`.execute(db);
}

const isHeldByNobody = sql`not exists (select from topic_pictures where hash = pictures.hash)
  and not exists (select from site_settings where logo_hash = pictures.hash)`;
