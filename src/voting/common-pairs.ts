import { hkdfSync } from 'node:crypto';
import type { Board } from '../ranking/boards/board.js';
import { seededRandom } from '../ranking/math/random.js';
import { haveSameThings, type Pair } from './pairs.js';

/** How many pairs of a topic guests get a day. */
export const COMMON_PAIRS = 20;

/**
 * The pairs of a topic that all guests get on one day (UTC), in their order, drawn at random from all pairs. So whoever
 * begins anew as another guest sees the same pairs again, and nobody can choose what to vote on.
 * @returns twenty, or every pair where the topic has fewer
 */
export function commonPairs(board: Board, secret: string, now = new Date()): Pair[] {
  const day = now.toISOString().slice(0, 10);
  const known = drawn.get(board);
  if (known?.day === day) return known.pairs;
  const pairs = drawPairs(board, secret, day);
  drawn.set(board, { day, pairs });
  return pairs;
}

// Drawn once for each board and day: it looks at every thing of the topic.
const drawn = new WeakMap<Board, { day: string; pairs: Pair[] }>();

function drawPairs({ topic, standings, size }: Board, secret: string, day: string): Pair[] {
  // In an order that does not move with the ranking, so that the pairs are the same all day.
  const ids = standings.map(({ id }) => id).sort((one, other) => one - other);
  const seed = Buffer.from(hkdfSync('sha256', secret, '', `thinga guest pairs 1 ${topic.id} ${day}`, 4));
  const random = seededRandom(seed.readUInt32LE());
  const pairs: Pair[] = [];
  const most = Math.min(COMMON_PAIRS, (size * (size - 1)) / 2);
  while (pairs.length < most) {
    const one = Math.floor(random() * size);
    const other = (one + 1 + Math.floor(random() * (size - 1))) % size;
    const pair = { leftId: ids[one] ?? 0, rightId: ids[other] ?? 0, strategy: 'common' } as const;
    if (!pairs.some((before) => haveSameThings(before, pair))) pairs.push(pair);
  }
  return pairs;
}
