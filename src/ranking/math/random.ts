/** Draws a number from 0 up to below 1. */
export type Random = () => number;

/**
 * A stream of numbers that looks like chance and is the same for the same seed, so that what hangs on it
 * can be shown again: xoshiro128** (Blackman and Vigna, ACM TOMS 47, 2021), started by splitmix32. Not for
 * secrets.
 * @param seed any number; its lowest 32 bits count
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
 * Draws from the normal distribution around 0 with variance 1, by Marsaglia's polar method (SIAM Review 6,
 * 1964).
 */
export function normalFrom(random: Random): Random {
  let spare = Number.NaN;
  return () => {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = Number.NaN;
      return kept;
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

/** Very many normal draws for little: a stock of 65,536, which each stream reads from another place on. */
export interface Normals {
  /** An index to start at. */
  stream(): number;
  /** The draw at an index. */
  at(index: number): number;
}

/** Draws a stock of normal draws, to be read again and again by many streams of some hundred draws. */
export function normalsFrom(random: Random): Normals {
  const stock = new Float64Array(STOCK).map(normalFrom(random));
  return {
    stream: () => Math.floor(random() * STOCK),
    at: (index) => stock[index & (STOCK - 1)] as number,
  };
}

/** A power of two. */
const STOCK = 65_536;

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
