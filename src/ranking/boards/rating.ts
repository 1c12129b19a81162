import { NEW_BELOW } from '../math/selector.js';

/** A thing's rating, and the number of votes by result that it rests on. */
export interface Rating {
  /** Log-strength: an average thing has 0. */
  mean: number;
  /** Square of the standard error of `mean`. */
  variance: number;
  wins: number;
  losses: number;
  ties: number;
}

/** Number of votes that a thing's rating rests on, without skips. */
export const voteCount = (rating: Rating): number => rating.wins + rating.losses + rating.ties;

/** Whether a thing has fewer than ten votes: too few to show a score. */
export const isNew = (rating: Rating): boolean => voteCount(rating) < NEW_BELOW;

/** Sorts things as a leaderboard does: the strongest first, and of equal things the one with the lower id. */
export const byStrength = <Rated extends Rating & { id: number }>(one: Rated, other: Rated): number =>
  other.mean - one.mean || one.id - other.id;
