import { queueRedraws } from '../metrics.js';
import { findOpen } from './candidates.js';
import { randomFor } from './draw.js';
import { currentlyAway, stillAway, type Walk, withAway } from './in-person.js';
import { hasAny, hasThing, haveSameThings, maySee, type Pair } from './pairs.js';
import { newVersion, type Queue, today } from './queue.js';
import { advance, type CastAnswer, drawFor, fill, QUEUE_LENGTH, revert } from './queue-changes.js';
import { hasOwnPairs, NEW_GUEST, type VoterContext } from './voter.js';
import { findUnanswered, readVoterState } from './voter-state.js';
import type { Vote } from './voting.js';

/** Reads a voter's queue. It is drawn again when it was lost, is stale or is empty. */
export async function queueOf(context: VoterContext): Promise<Queue> {
  const { queues, voter } = context;
  if (voter.id === NEW_GUEST) return firstQueue(context);
  const stored = await queues.find(ownerOf(context));
  const pairs = stored?.pairs.filter((pair) => maySee(context, pair)) ?? [];
  if (stored && !stored.isStale && pairs.length > 0) return { ...stored, pairs };
  return drawQueue(context, { pairs, away: stored?.away });
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
  const queue = advance(context, before, cast);
  const replaced = await context.queues.put(ownerOf(context), queue, before);
  // Another process changed the queue. Only the ledger knows which of its pairs are open.
  if (replaced) return drawQueue(context, replaced);
  return queue.pairs.length > 0 ? queue : drawQueue(context, queue);
}

/** Removes a pair from the queue, because it was answered already. */
export async function dropPair(
  context: VoterContext,
  answered: Pick<Pair, 'leftId' | 'rightId'>,
): Promise<Queue> {
  const queue = await queueOf(context);
  const others = queue.pairs.filter((pair) => !haveSameThings(pair, answered));
  return others.length === queue.pairs.length ? queue : drawQueue(context, { ...queue, pairs: others });
}

/** Puts the pair of a withdrawn vote back to the front of the queue. */
export async function putBack(context: VoterContext, vote: Vote): Promise<Queue> {
  const { queues } = context;
  const queue = await queueOf(context);
  // Only for the latest vote: nobody may get past a pair by taking back older answers.
  if (queue.latest !== vote.ballotId) {
    if (vote.unknown) await queues.markStale(ownerOf(context));
    return queue;
  }
  const reverted = revert(context, queue, vote);
  await queues.put(ownerOf(context), reverted);
  return reverted;
}

/**
 * Leaves a thing aside for some minutes, because nobody was there. The other thing of its pair stays, and it is neither
 * a vote nor a skip.
 * @param pair the one that the voter was shown
 */
export async function leaveAside(
  context: VoterContext,
  { leftId, rightId }: Pick<Pair, 'leftId' | 'rightId'>,
  id: number,
): Promise<Queue> {
  const queue = await queueOf(context);
  const kept = leftId === id ? rightId : leftId;
  // A new guest was shown their first pair before they had a queue.
  const pairs = queue.latest === undefined ? [] : queue.pairs.filter((pair) => !hasThing(pair, id));
  return drawQueue(context, { pairs, away: withAway(queue.away, id), kept });
}

const ownerOf = ({ voter, board }: VoterContext) => ({ voterId: voter.id, topicId: board.topic.id });

/** The queue of a guest who has not voted yet. It is the same each time, so it is not stored. */
function firstQueue(context: VoterContext): Queue {
  const { board, voter, secret } = context;
  const random = randomFor(`${voter.device} ${board.topic.id} ${today()}`, secret);
  return {
    version: newVersion(),
    pairs: fill(context, { queued: [], drawn: drawFor(context, NOTHING_SEEN, random) }, []),
    recent: [],
    unknown: [],
    answers: 0,
    today: { day: today(), votes: 0 },
  };
}

const NOTHING_SEEN = { recent: [], unknown: [] };

/**
 * Builds the queue again from the ledger, and stores it.
 * @param before the pairs that were in it, and what was left aside
 */
async function drawQueue(
  context: VoterContext,
  { pairs: before, away, kept }: Pick<Queue, 'pairs' | 'away'> & Pick<Walk, 'kept'>,
): Promise<Queue> {
  const { db, queues, board, voter, secret } = context;
  queueRedraws.inc();
  const state = await readVoterState(context);
  const random = randomFor(`${voter.id} ${board.topic.id} ${state.latest ?? ''}`, secret);
  const drawn = drawFor(context, { ...state, away, kept }, random);
  const others = before.filter((pair) => !state.reopened.some((other) => haveSameThings(other, pair)));
  const queued = [...state.reopened, ...others].filter(
    (pair) => maySee(context, pair) && !hasAny(pair, [...state.unknown, ...currentlyAway(away)]),
  );
  const open = await findOpen(db, voter.id, { queued, drawn });
  const pairs = fill(
    context,
    { queued: open.queued.slice(0, QUEUE_LENGTH), drawn: open.drawn },
    state.recent,
  );
  const needsAny = pairs.length === 0 && hasOwnPairs(context);
  const out = { unknown: state.unknown, away: currentlyAway(away) };
  const found = needsAny ? await findUnanswered(context, out, random) : undefined;
  const queue: Queue = {
    version: newVersion(),
    pairs: found ? [found] : pairs,
    recent: state.recent,
    unknown: state.unknown,
    away: stillAway(away, pairs),
    latest: state.latest,
    last: state.last,
    answers: state.answers,
    today: { day: today(), votes: state.today },
  };
  await queues.put(ownerOf(context), queue);
  return queue;
}
