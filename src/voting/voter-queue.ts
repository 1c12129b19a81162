import { findOpen } from './candidates.js';
import { randomFor } from './draw.js';
import { hasAny, haveSameThings, isOnBoard, type Pair } from './pairs.js';
import { newVersion, type Queue, today } from './queue.js';
import { advance, type CastAnswer, drawFor, fill, QUEUE_LENGTH, revert } from './queue-changes.js';
import { hasOwnPairs, NEW_GUEST, type VoterContext } from './voter.js';
import { findUnanswered, readVoterState } from './voter-state.js';
import type { Vote } from './voting.js';

/** Reads a voter's queue. It is drawn again when it was lost, is stale or is empty. */
export async function queueOf(context: VoterContext): Promise<Queue> {
  const { queues, board, voter } = context;
  if (voter.id === NEW_GUEST) return firstQueue(context);
  const stored = await queues.find(ownerOf(context));
  const pairs = stored?.pairs.filter((pair) => isOnBoard(board, pair)) ?? [];
  if (stored && !stored.isStale && pairs.length > 0) return { ...stored, pairs };
  return drawQueue(context, pairs);
}

/** The queue as this process knew it last. It is read only when this process does not know it. */
export async function recallQueue(context: VoterContext): Promise<Queue> {
  const local = context.queues.recall(ownerOf(context));
  return local && !local.isStale ? local : queueOf(context);
}

/**
 * Takes an answered pair from its voter's queue, also when it is not the first, and fills the queue up.
 * @param before the queue that the candidates were drawn for
 */
export async function takePair(context: VoterContext, before: Queue, cast: CastAnswer): Promise<Queue> {
  const queue = advance(before, cast);
  const replaced = await context.queues.put(ownerOf(context), queue, before);
  // Another process changed the queue. Only the ledger knows which of its pairs are open.
  if (replaced) return drawQueue(context, replaced.pairs);
  return queue.pairs.length > 0 ? queue : drawQueue(context, []);
}

/** Removes a pair from the queue, because it was answered already. */
export async function dropPair(
  context: VoterContext,
  answered: Pick<Pair, 'leftId' | 'rightId'>,
): Promise<Queue> {
  const queue = await queueOf(context);
  const others = queue.pairs.filter((pair) => !haveSameThings(pair, answered));
  return others.length === queue.pairs.length ? queue : drawQueue(context, others);
}

/** Puts the pair of a withdrawn vote back to the front of the queue. */
export async function putBack(context: VoterContext, vote: Vote): Promise<Queue> {
  const { queues, board } = context;
  const queue = await queueOf(context);
  // Only for the latest vote: nobody may get past a pair by taking back older answers.
  if (queue.latest !== vote.ballotId) {
    if (vote.unknown) await queues.markStale(ownerOf(context));
    return queue;
  }
  const reverted = revert(queue, vote, board);
  await queues.put(ownerOf(context), reverted);
  return reverted;
}

const ownerOf = ({ voter, board }: VoterContext) => ({ voterId: voter.id, topicId: board.topic.id });

/** The queue of a guest who has not voted yet. It is the same each time, so it is not stored. */
function firstQueue(context: VoterContext): Queue {
  const { board, voter, secret } = context;
  const random = randomFor(`${voter.device} ${board.topic.id} ${today()}`, secret);
  return {
    version: newVersion(),
    pairs: fill({ queued: [], drawn: drawFor(context, { recent: [], unknown: [] }, random) }, []),
    recent: [],
    unknown: [],
    answers: 0,
    today: { day: today(), votes: 0 },
  };
}

/** Builds the queue again from the ledger, and stores it. @param before the pairs that were in it */
async function drawQueue(context: VoterContext, before: Pair[]): Promise<Queue> {
  const { db, queues, board, voter, secret } = context;
  const state = await readVoterState(context);
  const random = randomFor(`${voter.id} ${board.topic.id} ${state.latest ?? ''}`, secret);
  const drawn = drawFor(context, state, random);
  const others = before.filter((pair) => !state.reopened.some((other) => haveSameThings(other, pair)));
  const queued = [...state.reopened, ...others].filter(
    (pair) => isOnBoard(board, pair) && !hasAny(pair, state.unknown),
  );
  const open = await findOpen(db, voter.id, { queued, drawn });
  const pairs = fill({ queued: open.queued.slice(0, QUEUE_LENGTH), drawn: open.drawn }, state.recent);
  const needsAny = pairs.length === 0 && hasOwnPairs(context);
  const found = needsAny ? await findUnanswered(context, state.unknown, random) : undefined;
  const queue: Queue = {
    version: newVersion(),
    pairs: found ? [found] : pairs,
    recent: state.recent,
    unknown: state.unknown,
    latest: state.latest,
    last: state.last,
    answers: state.answers,
    today: { day: today(), votes: state.today },
  };
  await queues.put(ownerOf(context), queue);
  return queue;
}
