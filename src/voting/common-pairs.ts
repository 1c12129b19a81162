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
  const { topic, standings } = board;
  const day = now.toISOString().slice(0, 10);
  // Another thing in the place of one that was taken down is another draw.
  const things = standings.reduce((sum, { id }) => sum + id * id, 0);
  const drawnFor = `${secret} ${day} ${standings.length} ${things}`;
  const known = drawn.get(topic.id);
  if (known?.drawnFor === drawnFor) return known.pairs;
  const pairs = drawPairs(board, secret, day);
  drawn.set(topic.id, { drawnFor, pairs });
  return pairs;
}

const drawn = new Map<number, { drawnFor: string; pairs: Pair[] }>();

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
