import type { Board } from '../ranking/boards/board.js';
import { type Weight, weigh } from '../ranking/math/vote-weight.js';
import type { BallotBox, CastResult } from './ballot-box.js';
import { effectOf } from './effect.js';
import { guestExists } from './guests.js';
import { currentlyAway } from './in-person.js';
import { haveSameThings } from './pairs.js';
import type { Queue } from './queue.js';
import { candidatesAfter } from './queue-changes.js';
import { awayReceipt, type Receipt, receiptOf, undoneReceipt } from './receipt.js';
import { whyRefused } from './takes-votes.js';
import type { AcceptedVote, AwayNotice, RefusedVote } from './vote-form.js';
import type { VoterContext } from './voter.js';
import { dropPair, leaveAside, queueOf, recallQueue, takePair } from './voter-queue.js';
import type { KnownVote, Vote } from './voting.js';

/** What an answer did. */
interface AnswerResult {
  refusal?: undefined;
  /** What the address of the next page tells of it: `voted=BALLOT`. */
  query: string;
  /** The voter's queue after the answer. */
  queue: Queue;
  receipt: Receipt;
}

/**
 * Casts a vote and takes its pair from the voter's queue, or leaves a thing aside where nobody is.
 * @returns a refusal for a guest who was deleted in the meantime
 */
export async function answerPair(
  context: VoterContext,
  ballotBox: BallotBox,
  { ballot: offered, answer, awayId }: AcceptedVote | AwayNotice,
): Promise<AnswerResult | RefusedVote> {
  const { db, board, voter } = context;
  if (awayId !== undefined) {
    const queue = await leaveAside(context, offered, awayId);
    return { query: `away=${awayId}`, queue, receipt: awayReceipt(board, queue, awayId) };
  }
  // A pair that the voter asked for counts in full when it is in the queue as well, also of another process.
  const before = await (offered.strategy === 'asked' ? queueOf(context) : recallQueue(context));
  const queued = before.pairs.find((pair) => haveSameThings(pair, offered));
  const ballot = { ...offered, voterId: voter.id, strategy: queued?.strategy ?? offered.strategy };
  const candidates = candidatesAfter(context, before, { pair: ballot, answer, seed: ballot.id });
  const cast = await ballotBox.cast(ballot, answer, candidates);
  if (cast.status === 'cast') {
    const queue = await takePair(context, before, { ...cast, answer });
    return { query: queryOf(cast), queue, receipt: receiptOfCast(context, before, cast) };
  }
  if (cast.status === 'gone') {
    if (voter.isGuest && !(await guestExists(db, voter.id))) return { refusal: 'guestGone' };
    const refusal = await whyRefused(db, { ...ballot, topicId: board.topic.id });
    if (refusal) return { refusal };
  }
  const queue = await dropPair(context, ballot);
  const known = cast.vote && (await ballotBox.find(voter.id, cast.vote.ballotId));
  const receipt = receiptOfKnown(context, queue, { status: cast.status, known });
  return { query: queryOf(cast), queue, receipt };
}

function queryOf({ status, vote }: CastResult): string {
  if (!vote) return 'gone';
  return `${status === 'answered' ? 'answered' : 'voted'}=${vote.ballotId}`;
}

/**
 * Makes the receipt that the query of an address asks for. The query names the vote, so a reload shows the
 * same and sends nothing.
 */
export async function receiptFor(
  context: VoterContext,
  ballotBox: BallotBox,
  { queue, query }: { queue: Queue; query: Record<string, unknown> },
): Promise<Receipt | undefined> {
  const { board, voter } = context;
  const { voted, answered, undone, gone, away } = query;
  if (gone !== undefined) return receiptOf(board, { status: 'gone' });
  if (currentlyAway(queue.away).includes(Number(away))) return awayReceipt(board, queue, Number(away));
  const id = voted ?? answered ?? undone;
  const known = typeof id === 'string' ? await ballotBox.find(voter.id, id) : undefined;
  if (!known || known.vote.topicId !== board.topic.id) return undefined;
  const { vote } = known;
  if (undone && vote.withdrawnAt) return undoneReceipt(board, vote, isInFront(queue, vote));
  return receiptOfKnown(context, queue, { status: answered ? 'answered' : 'repeated', known });
}

/** Whether the pair of a vote is the one that its voter is shown. */
export const isInFront = ({ pairs: [front] }: Queue, vote: Vote): boolean =>
  front !== undefined && haveSameThings(front, vote);

function receiptOfCast(context: VoterContext, before: Queue, cast: CastResult & { status: 'cast' }): Receipt {
  const { board } = context;
  const { vote, others, hasNote } = cast;
  const { weight, reason } = expectedWeight(board, before, vote);
  return withEffect(withNote(receiptOf(board, cast, reason), hasNote), context, { vote, weight, others });
}

function receiptOfKnown(
  context: VoterContext,
  queue: Queue,
  { status, known }: { status: CastResult['status']; known: KnownVote | undefined },
): Receipt {
  const { board } = context;
  if (!known) return receiptOf(board, { status: 'gone' });
  const { vote, others, hasNote } = known;
  if (vote.withdrawnAt) return receiptOf(board, { status, vote });
  if (vote.outcome === 'skip') return withNote(receiptOf(board, { status, vote }), hasNote);
  const { weight, reason } = known.weight ?? expectedWeight(board, queue, vote);
  const receipt = withNote(receiptOf(board, { status, vote }, reason), hasNote);
  return withEffect(receipt, context, { vote, weight, others });
}

/** Tells that the note was saved. That is more important than what a vote moves. */
const withNote = (receipt: Receipt, hasNote: boolean): Receipt =>
  hasNote && receipt.status
    ? { ...receipt, effect: [...(receipt.effect?.concat('. ') ?? []), 'Your note is saved'] }
    : receipt;

/** Adds what a vote did, for a voter who sees the ranking. */
function withEffect(
  receipt: Receipt,
  { board, showsResults }: VoterContext,
  vote: Parameters<typeof effectOf>[1],
): Receipt {
  if (!showsResults) return receipt;
  const { agreement, movement } = effectOf(board, vote);
  // Why a vote counts less is more important than what it moves.
  return { ...receipt, agreement, effect: receipt.effect ?? movement };
}

/** The weight of a vote as far as its voter's queue tells. The ranker decides it. */
function expectedWeight(board: Board, queue: Queue, vote: Vote): Weight {
  return weigh(vote, { recent: queue.recent, earlier: [], things: Math.max(board.size, 2) });
}
