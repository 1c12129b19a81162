import { hkdfSync } from 'node:crypto';
import type { Board } from '../ranking/boards/board.js';
import { seededRandom } from '../ranking/math/random.js';
import { haveSameThings, type Pair } from './pairs.js';
import { today } from './queue.js';

/** How many pairs of a topic guests get a day. */
export const COMMON_PAIRS = 20;

/**
 * The pairs of a topic that all guests get on one day (UTC), in order. They are drawn at random from all
 * pairs. A visitor who starts again as a new guest sees the same pairs, so nobody can choose what to vote on.
 * @returns twenty pairs, or all pairs when the topic has fewer
 */
export function commonPairs(board: Board, secret: string): Pair[] {
  const day = today();
  const cached = cache.get(board);
  if (cached?.day === day) return cached.pairs;
  const pairs = drawCommonPairs(board, secret, day);
  cache.set(board, { day, pairs });
  return pairs;
}

// Drawn once for each board and day, because drawing reads every thing of the topic.
const cache = new WeakMap<Board, { day: number; pairs: Pair[] }>();

function drawCommonPairs({ topic, standings, size }: Board, secret: string, day: number): Pair[] {
  // In the order of ids: it does not change with the ranking, so the pairs stay the same all day.
  const ids = standings.map(({ id }) => id).sort((one, other) => one - other);
  const seed = Buffer.from(hkdfSync('sha256', secret, '', `thinga guest pairs 1 ${topic.id} ${day}`, 4));
  const random = seededRandom(seed.readUInt32LE());
  const pairs: Pair[] = [];
  const count = Math.min(COMMON_PAIRS, (size * (size - 1)) / 2);
  while (pairs.length < count) {
    const one = Math.floor(random() * size);
    const other = (one + 1 + Math.floor(random() * (size - 1))) % size;
    const pair = { leftId: ids[one] ?? 0, rightId: ids[other] ?? 0, strategy: 'common' } as const;
    if (!pairs.some((drawn) => haveSameThings(drawn, pair))) pairs.push(pair);
  }
  return pairs;
}
