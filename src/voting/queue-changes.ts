import type { Random } from '../ranking/math/random.js';
import { afterVote, afterWithdrawal } from '../ranking/math/vote-weight.js';
import type { Candidates } from './candidates.js';
import { commonPairs } from './common-pairs.js';
import { drawPairs, RECENT, randomFor, thingsOf } from './draw.js';
import { currentlyAway, drawWalk, isInPerson, stillAway, type Walk } from './in-person.js';
import { hasAny, hasThing, haveSameThings, maySee, type Pair, pairOf } from './pairs.js';
import { newVersion, type Queue, today } from './queue.js';
import { hasOwnPairs, type VoterContext } from './voter.js';
import type { Answer, Vote } from './voting.js';
import { answeredPairOf } from './words.js';

/** How many pairs a queue holds. With more, the last ones would come from an old board. */
export const QUEUE_LENGTH = 2;

/** The pairs that may come after an answer. The voter may have answered some of them. */
export function candidatesAfter(
  context: VoterContext,
  queue: Queue,
  { pair, answer, seed }: { pair: Pair; answer: Answer; seed: string },
): Candidates {
  const recent = afterVote(queue.recent, { ...pair, outcome: answer.outcome }, false);
  const unknown = unknownAfter(queue, pair, answer);
  const isEligible = (other: Pair): boolean =>
    maySee(context, other) && !haveSameThings(other, pair) && !hasAny(other, unknown);
  const drawn = drawFor(context, { recent, unknown, away: queue.away }, randomFor(seed, context.secret));
  return { queued: queue.pairs.filter(isEligible), drawn: drawn.filter(isEligible) };
}

/** An answer that was just cast. */
export interface CastAnswer {
  vote: Vote;
  answer: Answer;
  /** Whether the voter had answered the pair before and taken that answer back. */
  isAgain: boolean;
  /** The candidates that the voter has not answered. */
  open: Candidates;
}

/** The queue after an answer: without its pair, and filled up with open candidates. */
export function advance(
  context: VoterContext,
  queue: Queue,
  { vote, answer, isAgain, open }: CastAnswer,
): Queue {
  const day = today();
  const counted = answer.outcome === 'skip' ? 0 : 1;
  const unknown = unknownAfter(queue, pairOf(vote), answer);
  const recent = afterVote(queue.recent, vote, isAgain);
  const isEligible = (pair: Pair): boolean => !haveSameThings(pair, vote) && !hasAny(pair, unknown);
  const candidates = { queued: open.queued.filter(isEligible), drawn: open.drawn.filter(isEligible) };
  const pairs = fill(context, candidates, recent);
  return {
    version: newVersion(),
    pairs,
    recent,
    unknown,
    away: stillAway(queue.away, pairs),
    latest: vote.ballotId,
    last: answeredPairOf(vote),
    answers: queue.answers + counted,
    today: { day, votes: (queue.today.day === day ? queue.today.votes : 0) + counted },
  };
}

/** The queue after its latest vote was withdrawn. */
export function revert(context: VoterContext, queue: Queue, vote: Vote): Queue {
  const counted = vote.outcome === 'skip' ? 0 : 1;
  const unknown = queue.unknown.filter((id) => !isUnknownIn(vote, id));
  const isShownAgain = maySee(context, vote) && !hasAny(vote, unknown) && vote.strategy !== 'asked';
  const others = queue.pairs.filter((pair) => !haveSameThings(pair, vote));
  // The voter has seen both, so nobody is away there.
  const away = queue.away?.filter(({ id }) => !hasThing(vote, id));
  // A pair of things that are left aside is shown only when there is no other. Now there is one.
  const next = others.filter((pair) => !hasAny(pair, currentlyAway(away)));
  return {
    ...queue,
    version: newVersion(),
    pairs: isShownAgain ? [pairOf(vote), ...next] : others,
    recent: afterWithdrawal(queue.recent, vote),
    unknown,
    away,
    last: undefined,
    answers: Math.max(queue.answers - counted, 0),
    today: { ...queue.today, votes: Math.max(queue.today.votes - counted, 0) },
  };
}

/**
 * Fills up with pairs that share no thing with the pairs before them, as far as there are any. A voter who walks gets
 * one pair, which keeps a thing that they have just seen.
 */
export function fill(context: VoterContext, { queued, drawn }: Candidates, recent: Queue['recent']): Pair[] {
  if (isInPerson(context)) return queued.length > 0 ? queued : drawn.slice(0, 1);
  const pairs = [...queued];
  const near = thingsOf(recent.slice(-RECENT));
  while (pairs.length < QUEUE_LENGTH) {
    const isNew = (pair: Pair): boolean => !pairs.some((other) => haveSameThings(other, pair));
    const isClear = (pair: Pair): boolean =>
      !hasAny(pair, near) &&
      !pairs.some(({ leftId, rightId }) => hasThing(pair, leftId) || hasThing(pair, rightId));
    // The first pair is needed. Another one is added only when it shares no thing.
    const next =
      drawn.find((pair) => isNew(pair) && isClear(pair)) ?? (pairs.length === 0 ? drawn[0] : undefined);
    if (!next) break;
    pairs.push(next);
  }
  return pairs;
}

/** The guests of a public topic all get the same pairs. Other pairs are drawn for their voter. */
export function drawFor(context: VoterContext, state: Walk, random: Random): Pair[] {
  const { board, secret, own } = context;
  if (isInPerson(context)) return drawWalk(context, state, random);
  const unknown = [...state.unknown, ...own];
  if (hasOwnPairs(context)) return drawPairs(board, { ...state, unknown }, random);
  return commonPairs(board, secret).filter((pair) => !hasAny(pair, unknown));
}

function unknownAfter(queue: Queue, pair: Pair, { unknown }: Answer): number[] {
  if (!unknown) return queue.unknown;
  return [...queue.unknown, unknown === 'left' ? pair.leftId : pair.rightId];
}

const isUnknownIn = ({ unknown, leftId, rightId }: Vote, id: number): boolean =>
  (unknown === 'left' && leftId === id) || (unknown === 'right' && rightId === id);
