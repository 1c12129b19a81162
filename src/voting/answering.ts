import type { Board } from '../ranking/boards/board.js';
import { type Weight, weigh } from '../ranking/math/vote-weight.js';
import type { Ballot } from './ballot.js';
import type { BallotBox, Cast } from './ballot-box.js';
import { effectOf } from './effect.js';
import { haveSameThings } from './pairs.js';
import type { Queue } from './queue.js';
import { type Receipt, receiptOf, undoneReceipt } from './receipt.js';
import { type Asker, candidatesAfter, dropPair, recallQueue, takePair } from './voter-queue.js';
import { type Answer, findKnownVote, type KnownVote, type Vote } from './voting.js';

/** What an answer came to. */
export interface Answering {
  cast: Cast;
  /** The voter's queue after it. */
  queue: Queue;
  receipt: Receipt;
}

/** Casts a vote and takes its pair from the voter's queue. */
export async function answerPair(
  asker: Asker,
  ballotBox: BallotBox,
  { ballot, answer }: { ballot: Ballot; answer: Answer },
): Promise<Answering> {
  const { board } = asker;
  const before = await recallQueue(asker);
  // What was asked for counts as any other once its turn has come.
  const due = before.pairs.find((pair) => haveSameThings(pair, ballot));
  const offered = due ? { ...ballot, strategy: due.strategy } : ballot;
  const candidates = candidatesAfter(asker, before, { pair: offered, answer, seed: ballot.id });
  const cast = await ballotBox.cast(offered, answer, candidates);
  if (cast.status !== 'cast') {
    const queue = await dropPair(asker, ballot);
    const known = cast.vote && (await findKnownVote(asker.db, asker.voter, cast.vote.ballotId));
    return { cast, queue, receipt: receiptOfKnown(board, queue, { status: cast.status, known }) };
  }
  const { vote, others } = cast;
  const queue = await takePair(asker, before, { ...cast, answer });
  const { weight, reason } = weightBy(board, before, vote);
  const effect = effectOf(board, { vote, weight, others });
  return { cast, queue, receipt: { ...receiptOf(board, cast, reason), effect } };
}

/** How much a vote counts, as far as its voter's queue tells: the ranker decides. */
function weightBy(board: Board, queue: Queue, vote: Vote): Weight {
  return weigh(vote, { recent: queue.recent, earlier: [], things: Math.max(board.size, 2) });
}

/**
 * The receipt that a page's address asks for: it names the vote, so reloading the page shows the same and sends nothing.
 * @param query of the address
 */
export async function receiptFor(
  { db, board, voter }: Pick<Asker, 'db' | 'board' | 'voter'>,
  queue: Queue,
  query: Record<string, unknown>,
): Promise<Receipt | undefined> {
  const { voted, answered, undone, gone } = query;
  if (gone !== undefined) return receiptOf(board, { status: 'gone' });
  const id = voted ?? answered ?? undone;
  const known = typeof id === 'string' ? await findKnownVote(db, voter, id) : undefined;
  if (!known || known.vote.topicId !== board.topic.id) return undefined;
  const { vote } = known;
  if (undone && vote.withdrawnAt) return undoneReceipt(board, vote, isInFront(queue, vote));
  return receiptOfKnown(board, queue, { status: answered ? 'answered' : 'repeated', known });
}

/** Whether the pair of a vote is the one that its voter is shown. */
export const isInFront = ({ pairs: [front] }: Queue, vote: Vote): boolean =>
  front !== undefined && haveSameThings(front, vote);

function receiptOfKnown(
  board: Board,
  queue: Queue,
  { status, known }: { status: Cast['status']; known: KnownVote | undefined },
): Receipt {
  if (!known) return receiptOf(board, { status: 'gone' });
  const { vote, others } = known;
  if (vote.outcome === 'skip' || vote.withdrawnAt) return receiptOf(board, { status, vote });
  const { weight, reason } = known.weight ?? weightBy(board, queue, vote);
  return {
    ...receiptOf(board, { status, vote }, reason),
    effect: effectOf(board, { vote, weight, others }),
  };
}
