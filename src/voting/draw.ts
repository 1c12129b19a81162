import { createHmac, hkdfSync } from 'node:crypto';
import type { Board } from '../ranking/boards/board.js';
import { type Random, seededRandom } from '../ranking/math/random.js';
import type { RecentPair } from '../schema.js';
import type { Pair } from './pairs.js';

/** A new pair shares no thing with this many of the voter's latest pairs. */
export const RECENT = 5;

/** The statement that writes a vote looks up each drawn pair. When all are answered, the queue still has a pair. */
const DRAWS = 4;
/** Among so few, pairs without the things of the last five pairs may all be answered. */
const FEW_THINGS = 40;

/**
 * Draws pairs for a voter. Most pairs are those whose answer tells most about the Top 20, some are any pair
 * (docs/ranking.md). A fair coin decides the sides. Things that the voter does not know are left out. The
 * voter may have answered some of the pairs.
 * @param recent the voter's last pairs, oldest first
 * @param random the same generator draws the same pairs while the board does not change
 * @returns first pairs without the things of the last five pairs, then others, for a topic with few things
 */
export function drawPairs(
  board: Board,
  { recent, unknown }: { recent: RecentPair[]; unknown: number[] },
  random: Random,
): Pair[] {
  if (board.size < 2) return [];
  const idAt = (index: number): number => board.standings[index]?.id ?? 0;
  const draw = (count: number, excluded: number[]): Pair[] => {
    const indexes = new Set(excluded.map((thingId) => board.indexOf(thingId)));
    const isExcluded = (index: number): boolean => indexes.has(index);
    return Array.from({ length: count }, () => board.selector.draw(random, isExcluded))
      .filter((drawn) => drawn !== undefined)
      .map(({ one, other, strategy }) =>
        shuffleSides({ leftId: idAt(one), rightId: idAt(other), strategy }, random),
      );
  };
  const notRecent = [...thingsOf(recent.slice(-RECENT)), ...unknown];
  if (board.size > FEW_THINGS) return draw(DRAWS, notRecent);
  return [
    ...draw(2 * DRAWS, notRecent),
    ...draw(DRAWS, [...thingsOf(recent.slice(-1)), ...unknown]),
    ...draw(DRAWS, unknown),
  ];
}

/** The ids of the things in some pairs. */
export const thingsOf = (pairs: Pick<RecentPair, 'low' | 'high'>[]): number[] => [
  ...pairs.map(({ low }) => low),
  ...pairs.map(({ high }) => high),
];

/** Swaps the two things of a pair when a fair coin says so. */
export function shuffleSides(pair: Pair, random: Random): Pair {
  return random() < 0.5 ? pair : { ...pair, leftId: pair.rightId, rightId: pair.leftId };
}

/**
 * A random generator that nobody can predict without the secret.
 * @param seed the same seed and secret give the same numbers
 */
export function randomFor(seed: string, secret: string): Random {
  return seededRandom(createHmac('sha256', keyOf(secret)).update(seed).digest().readUInt32LE());
}

// Derived once: to derive a key takes longer than all draws for a vote.
const keys = new Map<string, Buffer>();

function keyOf(secret: string): Buffer {
  const key = keys.get(secret) ?? Buffer.from(hkdfSync('sha256', secret, '', 'thinga pair 3', 32));
  keys.set(secret, key);
  return key;
}
