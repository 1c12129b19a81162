import type { Outcome, RecentPair, Strategy, WeightReason } from '../../schema.js';

/** How much a vote counts, and why not in full. */
export interface Weight {
  /** From 0.01 to 1. */
  weight: number;
  /** Absent when the vote counts in full. */
  reason?: WeightReason;
}

/** What the weight of a vote is decided by. */
export interface Answer {
  leftId: number;
  rightId: number;
  outcome: Outcome;
  strategy: Strategy;
}

/** How many pairs of a voter in a topic, answered or not, their next vote is weighed by. */
export const LOOKS_BACK = 20;

/**
 * How much a vote counts. It is decided once, from what the ledger held before the vote.
 * @param recent the voter's last pairs in the topic before this vote, oldest first
 * @param earlier the weights of the voter's earlier answers to the same pair, which they took back
 * @param things how many things of the topic can be voted on, 2 or more
 */
export function weigh(
  answer: Answer,
  { recent, earlier, things }: { recent: RecentPair[]; earlier: Weight[]; things: number },
): Weight {
  if (answer.strategy === 'import') return IN_FULL;
  const weights = [
    weightAfterSkips(skipsBefore(answer, recent)),
    // An answer that is taken back and given again is worth no more than at first.
    ...earlier,
    ...(answer.strategy === 'asked' ? [weightOfAsked(things)] : []),
  ];
  return weights.reduce((least, weight) => (weight.weight < least.weight ? weight : least));
}

/**
 * The weight of a vote by how many pairs its voter skipped before it. All votes of people who answer most of what they
 * are shown count in full. Votes of people who skip until a certain thing comes count less and less, so that picking
 * pairs moves a ranking hardly more than taking them as they come. The weight is the square of the share answered
 * among the last 20 pairs, over 3/4. Found by simulation: docs/ranking.md.
 * @param skipped of the voter's last 20 pairs in the topic, those that they skipped, did not know, or took back and
 * left open; pairs that a new voter has not had yet count as answered
 * @throws RangeError for anything but a whole number from 0 to 20
 */
export function weightAfterSkips(skipped: number): Weight {
  if (!Number.isInteger(skipped) || skipped < 0 || skipped > LOOKS_BACK)
    throw new RangeError(`${skipped} of ${LOOKS_BACK} pairs cannot have been skipped.`);
  if (skipped <= FREE_SKIPS) return IN_FULL;
  const answered = (LOOKS_BACK - skipped) / (LOOKS_BACK - FREE_SKIPS);
  return { weight: Math.max(answered ** 2, LEAST_WEIGHT), reason: 'skipping' };
}

/**
 * The weight of an answer to a pair that its voter asked for by one of its things: as often as chance would have brought
 * a pair with that thing, 2 times in N among N things (weighting by the inverse of how likely a choice was made:
 * D. G. Horvitz and D. J. Thompson, Journal of the American Statistical Association 47, 1952). So nobody moves a thing
 * further by asking for it than by taking what comes.
 * @param things how many can be voted on, 2 or more
 */
export function weightOfAsked(things: number): Weight {
  return { weight: Math.min(1, 2 / things), reason: 'asked' };
}

/**
 * The voter's last pairs after a vote.
 * @param isAgain whether the voter answered this pair before; it stays where it was answered first
 */
export function afterVote(recent: RecentPair[], answer: Answer, isAgain: boolean): RecentPair[] {
  const skipped = answer.outcome === 'skip';
  if (answer.strategy === 'import') return recent;
  if (answer.strategy === 'asked') {
    // To ask for a pair and skip it must not be a free way to another one.
    return skipped ? [...recent, { ...pairOf(answer), skipped, asked: true }].slice(-KEPT) : recent;
  }
  if (isAgain) return marked(recent, answer, skipped);
  return [...recent, { ...pairOf(answer), skipped }].slice(-KEPT);
}

/** The voter's last pairs after they took a vote back: that pair is open again. */
export function afterWithdrawal(recent: RecentPair[], answer: Answer): RecentPair[] {
  return answer.strategy === 'asked' || answer.strategy === 'import' ? recent : marked(recent, answer, true);
}

const IN_FULL: Weight = { weight: 1 };
const FREE_SKIPS = 5;
const LEAST_WEIGHT = 0.01;
/** One more than are looked at, because a pair that is answered again is itself left aside. */
const KEPT = LOOKS_BACK + 1;

function skipsBefore(answer: Answer, recent: RecentPair[]): number {
  const others = recent.filter((pair) => !isSame(pair, answer)).slice(-LOOKS_BACK);
  return others.filter(({ skipped }) => skipped).length;
}

function marked(recent: RecentPair[], answer: Answer, skipped: boolean): RecentPair[] {
  return recent.map((pair) => (isSame(pair, answer) && !pair.asked ? { ...pair, skipped } : pair));
}

const pairOf = ({ leftId, rightId }: Answer): { low: number; high: number } => ({
  low: Math.min(leftId, rightId),
  high: Math.max(leftId, rightId),
});

function isSame(pair: RecentPair, answer: Answer): boolean {
  const { low, high } = pairOf(answer);
  return pair.low === low && pair.high === high;
}
