import { createHmac, hkdfSync } from 'node:crypto';
import type { Board } from '../ranking/boards/board.js';
import { type Random, seededRandom } from '../ranking/math/random.js';
import type { RecentPair } from '../schema.js';
import type { Pair } from './pairs.js';

/** How many of the voter's latest pairs a pair keeps clear of. */
export const RECENT = 5;

const [CLEAR_DRAWS, OTHER_DRAWS] = [8, 4];

/**
 * Draws pairs for a voter: where an answer tells most about the Top 20, and now and then anywhere (docs/ranking.md), on
 * sides drawn by a fair coin, and without the things they don't know. The voter may have answered some of them.
 * @param recent their last pairs, oldest first
 * @param random the same draws the same pairs while the board stands
 * @returns first those without the things of their last five pairs, then others, for a topic where nothing else is left
 */
export function drawPairs(
  board: Board,
  { recent, unknown }: { recent: RecentPair[]; unknown: number[] },
  random: Random,
): Pair[] {
  if (board.size < 2) return [];
  return [
    ...draws(board, [...thingsOf(recent.slice(-RECENT)), ...unknown], CLEAR_DRAWS, random),
    ...draws(board, [...thingsOf(recent.slice(-1)), ...unknown], OTHER_DRAWS, random),
    ...draws(board, unknown, OTHER_DRAWS, random),
  ];
}

/** The things of some pairs. */
export const thingsOf = (pairs: Pick<RecentPair, 'low' | 'high'>[]): number[] =>
  pairs.flatMap(({ low, high }) => [low, high]);

/**
 * Chance that nobody can foresee, and that is the same each time for the same.
 * @param what it is for
 * @param secret what makes it unforeseeable
 */
export function randomFor(what: string, secret: string): Random {
  return seededRandom(createHmac('sha256', keyOf(secret)).update(what).digest().readUInt32LE());
}

// Derived once: that takes longer than all draws for a vote.
const keys = new Map<string, Buffer>();

function keyOf(secret: string): Buffer {
  const known = keys.get(secret) ?? Buffer.from(hkdfSync('sha256', secret, '', 'thinga pair 3', 32));
  keys.set(secret, known);
  return known;
}

/** Two things on sides that a coin decides. */
export function onSides(one: number, other: number, strategy: Pair['strategy'], random: Random): Pair {
  return random() < 0.5
    ? { leftId: one, rightId: other, strategy }
    : { leftId: other, rightId: one, strategy };
}

function draws(board: Board, without: number[], count: number, random: Random): Pair[] {
  const indexes = new Set(without.map((thingId) => board.indexOf(thingId)));
  const idAt = (index: number): number => board.standings[index]?.id ?? 0;
  return Array.from({ length: count }, () => board.selector.draw(random, (index) => indexes.has(index)))
    .filter((drawn) => drawn !== undefined)
    .map(({ one, other, strategy }) => onSides(idAt(one), idAt(other), strategy, random));
}
