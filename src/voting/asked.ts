import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board, Standing } from '../ranking/boards/board.js';
import { randomFor } from './draw.js';
import { hasThing, type Pair } from './pairs.js';
import type { Queue } from './queue.js';

/** A pair that somebody is shown because they asked for one with a certain thing, and what is said of it. */
export interface Asked {
  pair: Pair | undefined;
  text: string;
}

/**
 * A pair with a thing, against what an answer would tell most about it: the pair in front of the voter's queue when that
 * has the thing in it, else one beside the queue. Asking again shows the same.
 * @param queue whose front they get when there is no pair with the thing
 * @param secret what pairs are drawn with
 */
export async function askedPair(
  db: Database,
  board: Board,
  thing: Standing,
  { voter, queue, secret }: { voter: number; queue: Queue; secret: string },
): Promise<Asked> {
  const { id, name } = thing;
  const [front, next] = queue.pairs;
  if (front && hasThing(front, id))
    return { pair: front, text: `Here is one with ${name}: the one whose turn it is.` };
  if (queue.unknown.includes(id))
    return { pair: front, text: `You said that you don’t know ${name}, so it is not shown to you.` };
  const answered = await answeredWith(db, board, voter, id);
  // What comes next anyway counts more if it is waited for.
  const soon = next?.leftId === id ? [next.rightId] : next?.rightId === id ? [next.leftId] : [];
  const away = new Set([...answered, ...queue.unknown, ...soon]);
  const random = randomFor(`${voter} ${board.topic.id} with ${id} ${answered.length}`, secret);
  const isAway = (index: number): boolean => away.has(board.standings[index]?.id ?? 0);
  const index = board.selector.opponentOf(thing.rank - 1, random, isAway);
  const other = index === undefined ? undefined : board.standings[index];
  if (!other) return { pair: front, text: `There is no pair with ${name} left that you have not answered.` };
  const [leftId, rightId] = random() < 0.5 ? [id, other.id] : [other.id, id];
  const text = `Here is one with ${name}, as you asked. It counts in full for your own list, and only a little for everybody’s.`;
  return { pair: { leftId, rightId, strategy: 'asked' }, text };
}

// The things that a voter has had beside a given one.
async function answeredWith(db: Database, board: Board, voter: number, thingId: number): Promise<number[]> {
  const { rows } = await sql<{ other: number }>`
    select case left_id when ${thingId} then right_id else left_id end as other from votes
    where voter_id = ${voter} and topic_id = ${board.topic.id} and withdrawn_at is null
      and ${thingId}::bigint in (left_id, right_id)`.execute(db);
  return rows.map(({ other }) => other);
}
