import type { Votes } from './graph.js';

/**
 * Deals the voters of some votes into two halves with about as many votes: in the order of their numbers of votes, each
 * second one changes sides (first, second, second, first …). Votes without a voter are left out.
 * @returns undefined for fewer than two voters
 */
export function splitByVoter(votes: Votes): [Votes, Votes] | undefined {
  const counts = new Map<number, number>();
  for (let vote = 0; vote < votes.count; vote++) {
    const voter = votes.voter[vote] as number;
    if (voter >= 0) counts.set(voter, (counts.get(voter) ?? 0) + 1);
  }
  if (counts.size < 2) return undefined;
  const order = [...counts].sort(([a, most], [b, more]) => more - most || a - b);
  const second = new Set(
    order.flatMap(([voter], index) => (index % 4 === 1 || index % 4 === 2 ? voter : [])),
  );
  const known = [...Array(votes.count).keys()].filter((vote) => (votes.voter[vote] as number) >= 0);
  const isSecond = (vote: number): boolean => second.has(votes.voter[vote] as number);
  return [
    select(
      votes,
      known.filter((vote) => !isSecond(vote)),
    ),
    select(votes, known.filter(isSecond)),
  ];
}

function select(votes: Votes, indexes: number[]): Votes {
  return {
    size: votes.size,
    count: indexes.length,
    left: Int32Array.from(indexes, (vote) => votes.left[vote] as number),
    right: Int32Array.from(indexes, (vote) => votes.right[vote] as number),
    score: Float32Array.from(indexes, (vote) => votes.score[vote] as number),
    weight: Float32Array.from(indexes, (vote) => votes.weight[vote] as number),
    voter: Int32Array.from(indexes, (vote) => votes.voter[vote] as number),
  };
}

/**
 * What the correlation of two halves says about the whole, which has twice as many votes: 2r/(1 + r) (C. Spearman,
 * W. Brown, 1910).
 * @param one the strengths of the things by one half
 * @param other those by the other half
 * @returns 0 to 1; 0 when the halves don't agree at all
 */
export function splitHalfReliability(one: Float64Array, other: Float64Array): number {
  const [a, b] = [centred(one), centred(other)];
  const dot = (x: Float64Array, y: Float64Array): number =>
    x.reduce((sum, value, index) => sum + value * (y[index] as number), 0);
  const correlation = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  return correlation > 0 ? (2 * correlation) / (1 + correlation) : 0;
}

function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
