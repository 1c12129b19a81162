/** How a thing is rated, and by which votes. */
export interface Rating {
  /** Log-strength: an average thing stands at 0. */
  mean: number;
  /** Square of the standard error of `mean`. */
  variance: number;
  wins: number;
  losses: number;
  ties: number;
}

/** How many votes a thing's rating rests on; skips are not among them. */
export const appearances = (rating: Rating): number => rating.wins + rating.losses + rating.ties;

/** The order of a leaderboard: stronger first; of two level things the one that was there first. */
export const byStrength = <Rated extends Rating & { id: number }>(one: Rated, other: Rated): number =>
  other.mean - one.mean || one.id - other.id;
