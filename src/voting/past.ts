import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from '../ranking/boards/board.js';
import type { Random } from '../ranking/math/random.js';
import type { RecentPair } from '../schema.js';
import { onSides } from './draw.js';
import type { Pair } from './pairs.js';

/** What the ledger knows of a voter in a topic, for a queue that was lost. */
export interface Past {
  /** Their last pairs, oldest first. */
  recent: RecentPair[];
  /** The pair of their latest vote, if they took that back and left it open. */
  reopened: Pair[];
  /** Things there that they say they don't know. */
  unknown: number[];
  /** The ballot of their latest vote; null before the first. */
  latest: string | null;
  /** How many of their answers stand, skips left out. */
  answers: number;
  /** How many of these are of today (UTC). */
  today: number;
}

/** Reads what the ledger knows of a voter in a topic. @param limit how many of the latest pairs */
export async function readPast(
  db: Database,
  voter: number,
  topicId: number,
  limit: number,
): Promise<Omit<Past, 'latest'> & { latest: string | undefined }> {
  const own = sql`voter_id = ${voter} and topic_id = ${topicId}`;
  // What was taken back and given again is where it was given first.
  const inTurn = sql`
    select * from votes where ${own} and strategy not in ('asked', 'import')
      and not exists (select from votes as earlier where earlier.voter_id = votes.voter_id
        and earlier.withdrawn_at is not null and earlier.strategy <> 'asked' and earlier.id < votes.id
        and least(earlier.left_id, earlier.right_id) = least(votes.left_id, votes.right_id)
        and greatest(earlier.left_id, earlier.right_id) = greatest(votes.left_id, votes.right_id))
    order by id desc limit ${limit}`;
  const standing = sql`(
    select outcome from votes as standing where standing.voter_id = first.voter_id and standing.withdrawn_at is null
      and least(standing.left_id, standing.right_id) = least(first.left_id, first.right_id)
      and greatest(standing.left_id, standing.right_id) = greatest(first.left_id, first.right_id) limit 1)`;
  const { rows } = await sql<Past>`
    select (
      select coalesce(json_agg(json_build_object('low', least(left_id, right_id), 'high', greatest(left_id, right_id),
        'skipped', coalesce(${standing} = 'skip', true)) order by id), '[]')
      from (${inTurn}) as first) as recent,
    (select coalesce(json_agg(json_build_object('leftId', left_id, 'rightId', right_id, 'strategy', strategy)), '[]')
     from (select * from votes where ${own} order by id desc limit 1) as first
     where withdrawn_at is not null and strategy not in ('asked', 'import') and ${standing} is null) as reopened,
    array(
      select case unknown when 'left' then left_id else right_id end from votes
      where ${own} and unknown is not null and withdrawn_at is null)::float8[] as unknown,
    (select ballot_id from votes where ${own} order by id desc limit 1) as latest,
    (select count(*)::int from votes where ${own} and withdrawn_at is null and outcome <> 'skip') as answers,
    (select count(*)::int from votes where ${own} and withdrawn_at is null and outcome <> 'skip'
      and created_at >= date_trunc('day', now() at time zone 'utc') at time zone 'utc') as today`.execute(db);
  const [past] = rows;
  if (!past) throw new Error('a select without a table has a row');
  return { ...past, latest: past.latest ?? undefined };
}

/**
 * Finds any pair that a voter has not answered, for who has answered nearly everything: it is met after as many steps
 * as they have answers, at most. @returns undefined when they have answered every pair
 */
export async function anyUnanswered(
  db: Database,
  voter: number,
  board: Board,
  unknown: number[],
  random: Random,
): Promise<Pair | undefined> {
  if (board.size < 2) return undefined;
  const { rows } = await sql<{ low: number; high: number }>`
    select least(left_id, right_id) as low, greatest(left_id, right_id) as high from votes
    where voter_id = ${voter} and topic_id = ${board.topic.id} and withdrawn_at is null`.execute(db);
  const answered = new Set(rows.map(({ low, high }) => `${low} ${high}`));
  const known = board.standings.map(({ id }) => id).filter((id) => !unknown.includes(id));
  const start = Math.floor(random() * known.length);
  const idFrom = (turn: number): number => known[(start + turn) % known.length] ?? 0;
  for (let turn = 0; turn < known.length; turn++)
    for (let later = turn + 1; later < known.length; later++) {
      const [one, other] = [idFrom(turn), idFrom(later)].sort((a, b) => a - b) as [number, number];
      if (!answered.has(`${one} ${other}`)) return onSides(one, other, 'explore', random);
    }
  return undefined;
}
