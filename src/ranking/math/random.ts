/** Draws a number from 0 up to, but not including, 1. */
export type Random = () => number;

/**
 * A pseudo-random generator: the same seed gives the same numbers, so that results can be reproduced. It is
 * xoshiro128** (Blackman and Vigna, ACM TOMS 47, 2021), started by splitmix32. Do not use it for secrets.
 * @param seed any number; only its lowest 32 bits count
 */
export function seededRandom(seed: number): Random {
  const next = splitmix32(seed);
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return (scrambled >>> 0) / 2 ** 32;
  };
}

/**
 * Draws from the normal distribution with mean 0 and variance 1, by Marsaglia's polar method (SIAM Review 6,
 * 1964).
 */
export function normalFrom(random: Random): Random {
  let spare = Number.NaN;
  return () => {
    if (!Number.isNaN(spare)) {
      const result = spare;
      spare = Number.NaN;
      return result;
    }
    for (;;) {
      const x = 2 * random() - 1;
      const y = 2 * random() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * scale;
      return x * scale;
    }
  };
}

/** A table of 65,536 draws from the normal distribution. Reading it is much cheaper than drawing anew. */
export interface NormalTable {
  /** A random index, from which a caller reads on. */
  randomStart(): number;
  /** The draw at an index; an index beyond the end continues at the beginning. */
  at(index: number): number;
}

/**
 * Opens the table. All callers share one, which is drawn once: each reads some hundred draws from random starts of its
 * own.
 */
export function normalTable(random: Random): NormalTable {
  sharedDraws ??= new Float64Array(TABLE_SIZE).map(normalFrom(seededRandom(1)));
  const draws = sharedDraws;
  return {
    randomStart: () => Math.floor(random() * TABLE_SIZE),
    at: (index) => draws[index & (TABLE_SIZE - 1)] as number,
  };
}

let sharedDraws: Float64Array | undefined;

/** A power of two. */
const TABLE_SIZE = 65_536;

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}

const rotate = (bits: number, by: number): number => (bits << by) | (bits >>> (32 - by));
