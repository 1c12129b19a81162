import type { Request, Response } from 'express';
import { renderMarkdown, type SanitizedHtml } from '../catalog/markdown.js';
import { readTexts } from '../catalog/things.js';
import { topicPath } from '../catalog/topics.js';
import type { Database } from '../database.js';
import { sendPageOrFragment } from '../http/page.js';
import type { Board, Standing } from '../ranking/boards/board.js';
import type { TopicVisit } from '../ranking/boards/visit-topic.js';
import { signBallot } from './ballot.js';
import { COMMON_PAIRS } from './common-pairs.js';
import type { Hall } from './hall.js';
import { describeStop, isInPerson, stopsOf } from './in-person.js';
import { hasNotes } from './notes.js';
import type { OwnProgress } from './pages.js';
import { type Pair, picturesOf } from './pairs.js';
import { type Queue, today } from './queue.js';
import type { Receipt } from './receipt.js';
import { slotOf, slotWhileClosed } from './slot.js';
import { NEW_GUEST, voterOf } from './voter.js';

/** How far a member's own Top of a topic has come, by the number of their answers. */
export type ProgressOf = (voterId: number, board: Board, answers: number) => OwnProgress;

/** Answers with the pair page of a topic, or with only its fragment for htmx. */
type ShowPair = (
  res: Response,
  visit: TopicVisit,
  shown: {
    queue: Queue;
    /** The pair to show and the one after it; by default the pairs of the queue. */
    pairs?: Pair[] | undefined;
    receipt?: Receipt | undefined;
    /** What was typed as a note about the pair. */
    note?: string | undefined;
  },
) => Promise<void>;

/** Makes the function that shows a pair. @param secret signs the ballots */
export function pairPage({
  db,
  hall,
  secret,
  progressOf,
}: {
  db: Database;
  hall: Hall;
  secret: string;
  progressOf: ProgressOf;
}): ShowPair {
  return async (res, visit, { queue, pairs = queue.pairs, receipt, note = '' }) => {
    const { board, phase } = visit;
    const { topic } = board;
    const { id: voterId, isGuest } = voterOf(res);
    const [pair, next] = phase === 'open' ? pairs : [];
    const [left, right] = pair ? [board.find(pair.leftId), board.find(pair.rightId)] : [];
    const { day, votes } = queue.today;
    const stops = isInPerson(visit) && left && right ? stopsOf(queue, [left, right]) : [];
    if (stops.length > 0 && voterId !== NEW_GUEST)
      hall.send(
        { topicId: topic.id, voterId },
        stops.map(({ id }) => id),
      );
    const own = isGuest ? undefined : progressOf(voterId, board, queue.answers);
    sendPageOrFragment(res, {
      page: 'voting/vote',
      fragment: 'voting/_pair',
      data: {
        board,
        topic,
        path: topicPath(topic),
        left,
        right,
        ballot: pair && signBallot({ topicId: topic.id, voterId, isGuest, ...pair }, secret),
        walk: isInPerson(visit)
          ? { stops: new Set(stops.map(({ id }) => id)), words: stops.map(describeStop) }
          : undefined,
        isAnswer: receipt !== undefined,
        note,
        hasTexts: Boolean(left?.hasText || right?.hasText),
        texts: left && right && isReading(res.req) ? await readPair(db, left, right) : undefined,
        slot: phase === 'open' ? slotOf(board, { queue, receipt, own }) : slotWhileClosed(receipt),
        end: { phase, hidden: visit.hidden, role: visit.role },
        hasNotes: phase === 'closed' && topic.notes === 'teams' && (await hasNotes(db, topic.id, voterId)),
        each: topic.votesEach ? { done: queue.answers, of: topic.votesEach } : undefined,
        ahead: JSON.stringify(picturesOf(board, next)),
        today: day === today() ? votes : 0,
        ...(own
          ? { own }
          : { guest: { votes: queue.answers, pairs: COMMON_PAIRS, counts: topic.access !== 'public' } }),
      },
    });
  };
}

/** Whether the visitor reads the texts beside the pair. The address says so, so it also works without a script. */
export const isReading = (req: Request): boolean => req.query.read !== undefined;

// The texts are not in memory, because they may be long.
async function readPair(
  db: Database,
  left: Standing,
  right: Standing,
): Promise<{ left: SanitizedHtml | undefined; right: SanitizedHtml | undefined }> {
  const texts = await readTexts(db, [left.id, right.id]);
  const rendered = ({ id }: Standing): SanitizedHtml | undefined => {
    const text = texts.get(id);
    return text === undefined ? undefined : renderMarkdown(text);
  };
  return { left: rendered(left), right: rendered(right) };
}
