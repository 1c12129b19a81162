import { sql } from 'kysely';
import type { Standing } from '../ranking/boards/board.js';
import { randomFor, shuffleSides } from './draw.js';
import { hasThing, type Pair } from './pairs.js';
import type { Queue } from './queue.js';
import type { Receipt } from './receipt.js';
import { hasOwnPairs, type VoterContext } from './voter.js';

/** The answer to a voter who asked for a pair with a certain thing. */
interface AskedPair {
  /** The pair to show, and the pairs after it. */
  pairs: Pair[];
  receipt: Receipt;
}

/**
 * Selects a pair with a thing, against the thing whose comparison tells most about it. The pair at the front
 * of the queue is used when it contains the thing. Else the pair is shown beside the queue, which does not
 * change. Asking again gives the same pair.
 * @returns the queue's own pairs when there is no pair with the thing
 */
export async function askedPair(context: VoterContext, queue: Queue, thing: Standing): Promise<AskedPair> {
  const { board, voter, secret, own } = context;
  const { id, name } = thing;
  const { pairs } = queue;
  const [front, next] = pairs;
  if (!hasOwnPairs(context)) return { pairs, receipt: { text: [GUEST_ASKED] } };
  if (front && hasThing(front, id))
    return { pairs, receipt: { text: ['Here is a pair with ', { name }, '.'] } };
  if (own.has(id)) return { pairs, receipt: { text: [{ name }, OWN] } };
  if (queue.unknown.includes(id))
    return {
      pairs,
      receipt: { text: ['You said you don’t know ', { name }, ', so we don’t show it to you.'] },
    };
  const answered = await answeredWith(context, id);
  // The next pair of the queue counts more when it is not asked for.
  const soon = next?.leftId === id ? [next.rightId] : next?.rightId === id ? [next.leftId] : [];
  const excluded = new Set([...answered, ...queue.unknown, ...soon, ...own]);
  const random = randomFor(`${voter.id} ${board.topic.id} with ${id} ${answered.length}`, secret);
  const isExcluded = (index: number): boolean => excluded.has(board.standings[index]?.id ?? 0);
  const index = board.selector.opponentOf(thing.rank - 1, random, isExcluded);
  const opponent = index === undefined ? undefined : board.standings[index];
  if (!opponent) return { pairs, receipt: { text: ['There is no new pair with ', { name }, ' for you.'] } };
  const pair = shuffleSides({ leftId: id, rightId: opponent.id, strategy: 'asked' }, random);
  const text = ['Here is a pair with ', { name }, PICKED];
  return { pairs: [pair, ...pairs], receipt: { text } };
}

const OWN = ' is your own work, so we don’t show it to you.';

const PICKED = '. Your vote counts fully in your own list, but less in the ranking, because you picked it.';

const GUEST_ASKED =
  'Sign up or log in to pick what you compare. Guests all get the same pairs. Here is the next one.';

/** The ids of the things that a voter has compared with a thing. */
async function answeredWith({ db, voter, board }: VoterContext, thingId: number): Promise<number[]> {
  const { rows } = await sql<{ other: number }>`
    select case left_id when ${thingId} then right_id else left_id end as other from votes
    where voter_id = ${voter.id} and topic_id = ${board.topic.id} and withdrawn_at is null
      and ${thingId}::bigint in (left_id, right_id)`.execute(db);
  return rows.map(({ other }) => other);
}
