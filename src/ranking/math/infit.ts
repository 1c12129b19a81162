import type { Votes } from './graph.js';
import { winChance } from './online-update.js';
import { tieChance } from './ties.js';

/** How well answers agree with a fit: around 1 when they scatter as the model expects, more when they differ. */
export interface Infit {
  /** By voter; NaN for a voter with fewer than ten votes. */
  voters: Float64Array;
  /** By thing; NaN for a thing with fewer than ten votes. */
  things: Float64Array;
}

/**
 * The infit mean square of each voter and each thing: Σ(y − p)² / Σ(p(1 − p) − t/4), with the chance of a tie
 * t (B. D. Wright and G. N. Masters, *Rating scale analysis*, 1982; with ties as in `tieChance`). Every vote
 * counts in full, whatever its weight. A high value means that the answers differ from the others', and never
 * that somebody cheats.
 * @param fit of these votes, or of all votes of the topic
 */
export function infitOf(votes: Votes, { means, nu }: { means: Float64Array; nu: number }): Infit {
  let voters = 0;
  for (let vote = 0; vote < votes.count; vote++) voters = Math.max(voters, (votes.voter[vote] as number) + 1);
  const [byVoter, byThing] = [newSums(voters), newSums(votes.size)];
  for (let vote = 0; vote < votes.count; vote++) {
    const [left, right] = [votes.left[vote] as number, votes.right[vote] as number];
    const expected = winChance((means[left] as number) - (means[right] as number));
    const information = expected * (1 - expected);
    const answer = {
      square: ((votes.score[vote] as number) - expected) ** 2,
      variance: information - tieChance(information, nu) / 4,
    };
    add(byVoter, votes.voter[vote] as number, answer);
    add(byThing, left, answer);
    add(byThing, right, answer);
  }
  return { voters: ratios(byVoter), things: ratios(byThing) };
}

/**
 * The voters or things whose answers differ most from the fit: more than two standard deviations above the
 * mean infit.
 * @returns their indexes; none among fewer than three that have an infit
 */
export function flaggedOf(infits: Float64Array): number[] {
  const known = infits.filter((infit) => !Number.isNaN(infit));
  if (known.length < 3) return [];
  const mean = known.reduce((sum, infit) => sum + infit, 0) / known.length;
  const variance = known.reduce((sum, infit) => sum + (infit - mean) ** 2, 0) / (known.length - 1);
  const limit = mean + 2 * Math.sqrt(variance);
  return [...infits.keys()].filter((index) => (infits[index] as number) > limit);
}

const MIN_VOTES = 10;

interface Sums {
  squares: Float64Array;
  variances: Float64Array;
  votes: Int32Array;
}

const newSums = (size: number): Sums => ({
  squares: new Float64Array(size),
  variances: new Float64Array(size),
  votes: new Int32Array(size),
});

/** @param index -1 for a vote without a voter, which is left out */
function add(sums: Sums, index: number, { square, variance }: { square: number; variance: number }): void {
  if (index < 0) return;
  sums.squares[index] = (sums.squares[index] as number) + square;
  sums.variances[index] = (sums.variances[index] as number) + variance;
  sums.votes[index] = (sums.votes[index] as number) + 1;
}

const ratios = ({ squares, variances, votes }: Sums): Float64Array =>
  squares.map((square, index) =>
    (votes[index] as number) < MIN_VOTES ? Number.NaN : square / (variances[index] as number),
  );
