import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import type { Offers } from './offers.js';
import { nextPairs, type Pair, RECENT } from './pairs.js';
import { readProgress } from './voting.js';

/** Where a voter is in a topic: the pair they are being shown, and after which of their votes. */
export interface Turn {
  /** Undefined when they have answered every pair there is. */
  pair: Pair | undefined;
  /** What comes after it, as far as that is known. */
  ahead?: Pair | undefined;
  /** The id of their latest vote in the topic; 0 before the first. */
  after: number;
  /** The things in the topic that they say they don't know. */
  unknown: number[];
  /** How many votes of theirs are of today (UTC), in all topics, skips left out. */
  today: number;
}

/** How far a person's own Top of a topic has come. */
export interface OwnProgress {
  /** Answers they still have to give before there is a list of their own; 0 when there is one. */
  toGo: number;
  /** How many such a list takes. */
  enough: number;
  /** How many places their Top has; 0 while their list is too short for one. */
  size: number;
  /** How many of those we expect to be right. */
  settled: number;
}

/**
 * The pair a voter sees now: that of their latest vote once more when they took it back, else the one they were
 * shown already at this point, else the one that was to come after the pair before it, else a fresh one.
 * @param secret what pairs are drawn with
 */
export async function turnOf(
  db: Database,
  board: Board,
  offers: Offers,
  voter: number,
  secret: string,
): Promise<Turn> {
  const { today, ...progress } = await readProgress(db, voter, board.topic.id, RECENT);
  const [last, before] = progress.recent;
  const after = last?.id ?? 0;
  const at = { after, today, unknown: progress.unknown };
  const topicId = board.topic.id;
  const [shown, earlier] = await Promise.all([
    offers.find(voter, topicId, after),
    last && offers.find(voter, topicId, before?.id ?? 0),
  ]);
  if (last?.isWithdrawn && isOnBoard(board, last)) {
    const { leftId, rightId, arm } = last;
    return { pair: { leftId, rightId, arm: arm === 'import' ? 'explore' : arm }, ahead: shown?.pair, ...at };
  }
  // Who takes an answer back and gives it again comes to the pair that was there before.
  const isRepeated = last && before?.isWithdrawn && haveSameThings(last, before);
  const kept = shown ?? (isRepeated ? earlier : undefined);
  const drawn = await nextPairs(db, board, { voter, ...progress }, secret, kept?.pair ?? earlier?.ahead);
  const { pair, ahead } = kept && drawn.pair === kept.pair ? kept : drawn;
  if (!pair) return { pair, ...at };
  return {
    ...(shown ? { pair, ahead } : await offers.settle(voter, topicId, after, { pair, ahead })),
    ...at,
  };
}

/** Whether two votes or offers are about the same two things, on whichever sides. */
export function haveSameThings(
  one: Pick<Pair, 'leftId' | 'rightId'>,
  other: Pick<Pair, 'leftId' | 'rightId'>,
): boolean {
  const ids = [other.leftId, other.rightId];
  return ids.includes(one.leftId) && ids.includes(one.rightId);
}

/** Whether both things of a pair are still voted on. */
export function isOnBoard(board: Board, { leftId, rightId }: Pick<Pair, 'leftId' | 'rightId'>): boolean {
  return board.find(leftId) !== undefined && board.find(rightId) !== undefined;
}
