import { sql } from 'kysely';
import type { Database } from '../database.js';
import { CONFUSABLES } from './confusables.js';

/**
 * What a name looks like: names that people can't tell apart by eye have the same skeleton. It is for comparing
 * only, never for showing (UTS #39, section 4, "Confusable Detection").
 * @param name in NFKC
 */
export function usernameSkeleton(name: string): string {
  // Names that differ in case only are the same name, so the look of what is left is taken in lower case again.
  return skeletonOf(skeletonOf(name).toLowerCase());
}

/**
 * Gives a skeleton to people who registered before names had one. Of those who look alike the oldest gets it; the
 * others keep their names without.
 */
export async function fillSkeletons(db: Database): Promise<void> {
  const people = await db
    .selectFrom('users')
    .where('nameSkeleton', 'is', null)
    .select(['id', 'username'])
    .orderBy('id', 'desc')
    .execute();
  const oldest = new Map(people.map(({ id, username }) => [usernameSkeleton(username), id]));
  await sql`
    update users set name_skeleton = skeleton
    from unnest(${[...oldest.values()]}::bigint[], ${[...oldest.keys()]}::text[]) as filled (person, skeleton)
    where id = person and name_skeleton is null
      and not exists (select from users as other where other.name_skeleton = skeleton)`.execute(db);
}

const characters = (codes: string): string =>
  codes.replace(/([0-9A-F]+)\+?/g, (_all, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));

const looks = new Map(
  CONFUSABLES.trim()
    .split(/\s+/)
    .map((entry) => {
      const [source = '', target = ''] = entry.split('=');
      return [characters(source), characters(target)];
    }),
);

function skeletonOf(text: string): string {
  const look = Array.from(text.normalize('NFD'), (character) => looks.get(character) ?? character).join('');
  // A dot on a letter that has one can't be seen (UTS #39, section 5.4).
  return look.normalize('NFD').replace(/(\p{Soft_Dotted}\p{Mn}*?)\u0307/gu, '$1');
}
