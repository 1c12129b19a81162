import type { Database } from '../database.js';
import type { Board } from '../ranking/boards/board.js';
import type { Random } from '../ranking/math/random.js';
import { afterVote, afterWithdrawal, LOOKS_BACK } from '../ranking/math/vote-weight.js';
import { commonPairs } from './common-pairs.js';
import { drawPairs, RECENT, randomFor, thingsOf } from './draw.js';
import { findOpen, type Open } from './open-pairs.js';
import { hasThing, haveSameThings, isOnBoard, type Pair, pairOf } from './pairs.js';
import { anyUnanswered, readPast } from './past.js';
import { newVersion, type Queue, type Queues, today } from './queue.js';
import { NEW_GUEST } from './voter.js';
import type { Answer, Vote } from './voting.js';

/** How many pairs a queue holds: pairs drawn far ahead would be drawn from an old board. */
const AHEAD = 2;

/** Whose queue it is, and what it is drawn with. */
export interface Asker {
  db: Database;
  queues: Queues;
  board: Board;
  voter: number;
  isGuest: boolean;
  secret: string;
}

/** A voter's queue as it is now: kept, or drawn anew when it was lost or is empty. */
export async function queueOf(asker: Asker): Promise<Queue> {
  const { queues, board, voter } = asker;
  if (voter === NEW_GUEST) return firstQueue(asker);
  const known = await queues.find(voter, board.topic.id);
  const pairs = known?.pairs.filter((pair) => isOnBoard(board, pair)) ?? [];
  if (known && !known.isStale && pairs.length > 0) return { ...known, pairs };
  return drawQueue(asker, pairs);
}

/** The queue as this process knew it last; drawn or read only when it did not. */
export async function recallQueue(asker: Asker): Promise<Queue> {
  const known = asker.queues.recall(asker.voter, asker.board.topic.id);
  return known && !known.isStale ? known : queueOf(asker);
}

/** The pairs that may come after an answer, those of the queue first; not all of them need be open. */
export function candidatesAfter(
  asker: Asker,
  queue: Queue,
  { pair, answer, seed }: { pair: Pair; answer: Answer; seed: string },
): { due: Pair[]; drawn: Pair[] } {
  const { board, secret } = asker;
  const recent = afterVote(queue.recent, { ...pair, outcome: answer.outcome }, false);
  const unknown = unknownAfter(queue, pair, answer);
  const isFree = (one: Pair): boolean =>
    isOnBoard(board, one) && !haveSameThings(one, pair) && !unknown.some((id) => hasThing(one, id));
  const due = queue.pairs.filter(isFree);
  const drawn = drawFor(asker, { recent, unknown }, randomFor(seed, secret)).filter(isFree);
  return { due, drawn };
}

/** A pair that was answered just now. */
export interface Answered {
  vote: Vote;
  answer: Answer;
  /** Whether the voter had answered the pair before, and taken that back. */
  isAgain: boolean;
  /** The candidates that the voter has not answered. */
  open: Open;
}

/**
 * Takes an answered pair from its voter's queue, whichever is in front, and fills the queue up.
 * @param before the queue that the candidates were drawn for
 */
export async function takePair(asker: Asker, before: Queue, answered: Answered): Promise<Queue> {
  const queue = advance(before, answered);
  const replaced = await asker.queues.put(asker.voter, asker.board.topic.id, queue);
  // Another process had changed it: the ledger knows which of its pairs are open.
  if (replaced && replaced.version !== before.version) return drawQueue(asker, replaced.pairs);
  return queue.pairs.length > 0 ? queue : drawQueue(asker, []);
}

/** The queue without a pair that turned out to be answered. */
export async function dropPair(asker: Asker, answered: Pick<Pair, 'leftId' | 'rightId'>): Promise<Queue> {
  const queue = await queueOf(asker);
  const others = queue.pairs.filter((pair) => !haveSameThings(pair, answered));
  return others.length === queue.pairs.length ? queue : drawQueue(asker, others);
}

/** Puts a pair whose answer was taken back in front again. */
export async function putBack(asker: Asker, vote: Vote): Promise<Queue> {
  const queue = await queueOf(asker);
  // Only the latest: nobody gets past a pair by taking back older answers.
  if (queue.latest !== vote.ballotId) {
    if (vote.unknown) await asker.queues.markStale(asker.voter, asker.board.topic.id);
    return queue;
  }
  const others = queue.pairs.filter((pair) => !haveSameThings(pair, vote));
  const isKnown = !queue.unknown.some((id) => hasThing(vote, id) && !isUnknownBy(vote, id));
  const front = isOnBoard(asker.board, vote) && isKnown && vote.strategy !== 'asked' ? [pairOf(vote)] : [];
  const taken: Queue = {
    ...queue,
    version: newVersion(),
    pairs: [...front, ...others],
    recent: afterWithdrawal(queue.recent, vote),
    unknown: queue.unknown.filter((id) => !isUnknownBy(vote, id)),
    answers: vote.outcome === 'skip' ? queue.answers : Math.max(queue.answers - 1, 0),
    today: { ...queue.today, votes: Math.max(queue.today.votes - (vote.outcome === 'skip' ? 0 : 1), 0) },
  };
  await asker.queues.put(asker.voter, asker.board.topic.id, taken);
  return taken;
}

function advance(queue: Queue, { vote, answer, isAgain, open }: Answered): Queue {
  const day = today();
  const counted = answer.outcome === 'skip' ? 0 : 1;
  const unknown = unknownAfter(queue, pairOf(vote), answer);
  const recent = afterVote(queue.recent, vote, isAgain);
  const isFree = (pair: Pair): boolean =>
    !haveSameThings(pair, vote) && !unknown.some((id) => hasThing(pair, id));
  return {
    version: newVersion(),
    pairs: fill(open.due.filter(isFree), open.drawn.filter(isFree), recent),
    recent,
    unknown,
    latest: vote.ballotId,
    answers: queue.answers + counted,
    today: { day, votes: (queue.today.day === day ? queue.today.votes : 0) + counted },
  };
}

/** Fills up with pairs that share no thing with those before them, as long as there are such. */
function fill(due: Pair[], drawn: Pair[], recent: Queue['recent']): Pair[] {
  const pairs = [...due];
  const near = thingsOf(recent.slice(-RECENT));
  while (pairs.length < AHEAD) {
    const isNew = (pair: Pair): boolean => !pairs.some((other) => haveSameThings(other, pair));
    const shares = (pair: Pair): boolean =>
      near.some((id) => hasThing(pair, id)) ||
      pairs.some(({ leftId, rightId }) => hasThing(pair, leftId) || hasThing(pair, rightId));
    // The pair in front is needed; one after it is only worth it when it keeps clear of the others.
    const next =
      drawn.find((pair) => isNew(pair) && !shares(pair)) ?? (pairs.length === 0 ? drawn[0] : undefined);
    if (!next) break;
    pairs.push(next);
  }
  return pairs;
}

/** Guests all get the same pairs; a member's are drawn for them. */
function drawFor(
  { board, isGuest, secret }: Asker,
  past: Pick<Queue, 'recent' | 'unknown'>,
  random: Random,
): Pair[] {
  if (!isGuest) return drawPairs(board, past, random);
  return commonPairs(board, secret).filter((pair) => !past.unknown.some((id) => hasThing(pair, id)));
}

/** What a guest is shown who has not voted yet. It is kept nowhere: it is the same for all of them. */
function firstQueue({ board, secret }: Asker): Queue {
  return {
    version: newVersion(),
    pairs: fill([], commonPairs(board, secret), []),
    recent: [],
    unknown: [],
    answers: 0,
    today: { day: today(), votes: 0 },
  };
}

async function drawQueue(asker: Asker, kept: Pair[]): Promise<Queue> {
  const { db, queues, board, voter, secret } = asker;
  const past = await readPast(db, voter, board.topic.id, LOOKS_BACK + 1);
  const random = randomFor(`${voter} ${board.topic.id} ${past.latest ?? ''}`, secret);
  const drawn = drawFor(asker, past, random);
  const others = kept.filter((pair) => !past.reopened.some((one) => haveSameThings(one, pair)));
  const due = [...past.reopened, ...others].filter(
    (pair) => isOnBoard(board, pair) && !past.unknown.some((id) => hasThing(pair, id)),
  );
  const open = await findOpen(db, voter, { due, drawn });
  const pairs = fill(open.due.slice(0, AHEAD), open.drawn, past.recent);
  const isDone = pairs.length > 0 || asker.isGuest;
  const last = isDone ? undefined : await anyUnanswered(db, voter, board, past.unknown, random);
  const queue: Queue = {
    version: newVersion(),
    pairs: last ? [last] : pairs,
    recent: past.recent,
    unknown: past.unknown,
    latest: past.latest,
    answers: past.answers,
    today: { day: today(), votes: past.today },
  };
  await queues.put(voter, board.topic.id, queue);
  return queue;
}

function unknownAfter(queue: Queue, pair: Pair, { unknown }: Answer): number[] {
  if (!unknown) return queue.unknown;
  return [...queue.unknown, unknown === 'left' ? pair.leftId : pair.rightId];
}

const isUnknownBy = ({ unknown, leftId, rightId }: Vote, id: number): boolean =>
  (unknown === 'left' && leftId === id) || (unknown === 'right' && rightId === id);
