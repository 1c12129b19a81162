import type { Outcome, RecentPair, Strategy, WeightReason } from '../../schema.js';

/** How much a vote counts, and the reason when that is not in full. */
export interface Weight {
  /** From 0, which moves nothing, to 1. */
  weight: number;
  /** Absent when the vote counts in full. */
  reason?: WeightReason;
}

/** What is needed of a vote to decide its weight. */
export interface Answer {
  leftId: number;
  rightId: number;
  outcome: Outcome;
  strategy: Strategy;
}

/** What decides the weight of a vote. */
export interface WeighedBy {
  /** The voter's last pairs in the topic before this vote, oldest first. */
  recent: RecentPair[];
  /** The weights of the voter's earlier answers to the same pair, which they took back. */
  earlier: Weight[];
  /** How many things of the topic can be voted on, 2 or more. */
  things: number;
  /** As in `weightOfAsked`; only needed for an answer to a pair that was asked for. */
  given?: number;
  /** How much the vote counts by what its voter's group has answered: above 0, at most 1. */
  inGroup?: number;
}

/** How many of a voter's last pairs in a topic, answered or skipped, decide the weight of their next vote. */
export const SKIP_WINDOW = 20;

/**
 * How much a vote counts. It is decided once, from what the ledger held before the vote.
 */
export function weigh(
  answer: Answer,
  { recent, earlier, things, given = 0, inGroup = 1 }: WeighedBy,
): Weight {
  if (answer.strategy === 'import') return FULL_WEIGHT;
  const weights = [
    weightAfterSkips(skipsBefore(answer, recent)),
    // Taking an answer back and giving it again must not raise its weight.
    ...earlier,
    ...(answer.strategy === 'asked' ? [weightOfAsked(things, given)] : []),
    ...(inGroup < 1 ? [{ weight: inGroup, reason: 'one-sided' as const }] : []),
  ];
  return weights.reduce((least, weight) => (weight.weight < least.weight ? weight : least));
}

/**
 * The weight of a vote by how many pairs its voter skipped before it. All votes of people who answer most
 * pairs count in full. Votes of people who skip until a certain thing comes count less and less, so that
 * choosing pairs moves a ranking hardly more than answering every pair. The weight is (a / (3/4))², where a
 * is the share that was answered among the last 20 pairs; at least 0.01, at most 1. Found by simulation:
 * docs/ranking.md.
 * @param skipped how many of the voter's last 20 pairs in the topic they skipped, did not know, or took back
 * and left open; pairs that a new voter has not had yet count as answered
 * @throws RangeError for anything but a whole number from 0 to 20
 */
export function weightAfterSkips(skipped: number): Weight {
  if (!Number.isInteger(skipped) || skipped < 0 || skipped > SKIP_WINDOW)
    throw new RangeError(`${skipped} of ${SKIP_WINDOW} pairs cannot have been skipped.`);
  if (skipped <= FREE_SKIPS) return FULL_WEIGHT;
  const answered = (SKIP_WINDOW - skipped) / (SKIP_WINDOW - FREE_SKIPS);
  return { weight: Math.max(answered ** 2, MIN_WEIGHT), reason: 'skipping' };
}

/**
 * The weight of an answer to a pair that its voter asked for by one of its things: 2/N among N things, which
 * is how often chance would have brought a pair with that thing. So a voter moves a thing no further by
 * asking for it than by answering random pairs. This is weighting by the inverse of the probability of a
 * choice (D. G. Horvitz and D. J. Thompson, Journal of the American Statistical Association 47, 1952). Over a
 * voter's lifetime, all such answers with one thing count together at most ¼. With 1, sixteen accounts on networks
 * of their own that asked for every pair with a thing brought it from the 50th rank into the Top 20.
 * @param things how many things can be voted on, 2 or more
 * @param given the summed weight of the voter's earlier answers to pairs that they asked for, with one of
 * this pair's things: the larger of the two sums
 */
export function weightOfAsked(things: number, given = 0): Weight {
  return { weight: Math.max(Math.min(2 / things, MAX_ASKED - given), 0), reason: 'asked' };
}

/**
 * The voter's last pairs after a vote.
 * @param isAgain whether the voter answered this pair before; it stays where it was answered first
 */
export function afterVote(recent: RecentPair[], answer: Answer, isAgain: boolean): RecentPair[] {
  const skipped = answer.outcome === 'skip';
  if (answer.strategy === 'import') return recent;
  if (answer.strategy === 'asked') {
    // Asking for a pair and skipping it must not be a free way to another pair.
    return skipped ? [...recent, { ...pairOf(answer), skipped, asked: true }].slice(-MAX_RECENT) : recent;
  }
  if (isAgain) return withSkipped(recent, answer, skipped);
  return [...recent, { ...pairOf(answer), skipped }].slice(-MAX_RECENT);
}

/** The voter's last pairs after they took a vote back: that pair is open again. */
export function afterWithdrawal(recent: RecentPair[], answer: Answer): RecentPair[] {
  const isUnchanged = answer.strategy === 'asked' || answer.strategy === 'import';
  return isUnchanged ? recent : withSkipped(recent, answer, true);
}

const FULL_WEIGHT: Weight = { weight: 1 };
const FREE_SKIPS = 5;
const MIN_WEIGHT = 0.01;
const MAX_ASKED = 0.25;
/** One more than the window, because a pair that is answered again does not count for its own weight. */
const MAX_RECENT = SKIP_WINDOW + 1;

function skipsBefore(answer: Answer, recent: RecentPair[]): number {
  let [others, skips] = [0, 0];
  for (let index = recent.length - 1; index >= 0 && others < SKIP_WINDOW; index--) {
    const pair = recent[index] as RecentPair;
    if (isSame(pair, answer)) continue;
    others++;
    if (pair.skipped) skips++;
  }
  return skips;
}

function withSkipped(recent: RecentPair[], answer: Answer, skipped: boolean): RecentPair[] {
  return recent.map((pair) => (isSame(pair, answer) && !pair.asked ? { ...pair, skipped } : pair));
}

const pairOf = ({ leftId, rightId }: Answer): { low: number; high: number } => ({
  low: Math.min(leftId, rightId),
  high: Math.max(leftId, rightId),
});

function isSame(pair: RecentPair, answer: Answer): boolean {
  const { leftId, rightId } = answer;
  return pair.low === Math.min(leftId, rightId) && pair.high === Math.max(leftId, rightId);
}
