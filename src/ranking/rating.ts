import type { Outcome } from '../schema.js';

/** What is believed of one thing's strength: on the log scale, an average thing stands at 0. */
export interface Rating {
  mean: number;
  /** Square of the standard error of `mean`; 1 before the first vote. */
  variance: number;
  wins: number;
  losses: number;
  ties: number;
}

/** A thing nobody has voted on yet: average, as far as anyone knows. */
export const unrated = (): Rating => ({ mean: 0, variance: 1, wins: 0, losses: 0, ties: 0 });

/** Votes below which a thing is shown as new and without a number. */
export const NEW_BELOW = 10;

/** How many votes a thing's rating rests on; skips are not among them. */
export const appearances = (rating: Rating): number => rating.wins + rating.losses + rating.ties;

/**
 * Moves two ratings by one vote, in place: the online Bradley-Terry update with a Gaussian belief a thing
 * (Weng and Lin, JMLR 12, 2011, with the logistic's variance correction of MacKay, 1992). Swapping the sides
 * gives the same result; a tie counts half a win each way; a skip moves nothing.
 * @param weight how much the vote counts, from 0 to 1
 */
export function applyVote(left: Rating, right: Rating, outcome: Outcome, weight = 1): void {
  if (outcome === 'skip') return;
  const score = outcome === 'left' ? 1 : outcome === 'right' ? 0 : 0.5;
  const spread = left.variance + right.variance;
  const damping = 1 / Math.sqrt(1 + (Math.PI * spread) / 8);
  const expected = winChance(damping * (left.mean - right.mean));
  const step = weight * damping * (score - expected);
  const information = weight * damping * damping * expected * (1 - expected);

  left.mean += left.variance * step;
  right.mean -= right.variance * step;
  left.variance *= Math.max(1 - left.variance * information, 0.05);
  right.variance *= Math.max(1 - right.variance * information, 0.05);
  count(left, right, outcome);
}

/** The chance (0 to 1) that a thing beats one whose strength lies `difference` below its own. */
export const winChance = (difference: number): number => 1 / (1 + Math.exp(-difference));

function count(left: Rating, right: Rating, outcome: Outcome): void {
  if (outcome === 'tie') {
    left.ties++;
    right.ties++;
  } else {
    const [winner, loser] = outcome === 'left' ? [left, right] : [right, left];
    winner.wins++;
    loser.losses++;
  }
}

/** The order of a leaderboard: stronger first; of two level things the one that was there first. */
export const byStrength = <Rated extends Rating & { id: number }>(one: Rated, other: Rated): number =>
  other.mean - one.mean || one.id - other.id;
