import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import type { Offers } from './offers.js';
import { nextPairs, type Pair, RECENT } from './pairs.js';
import { readProgress, type Vote } from './voting.js';

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
  expectedRight: number;
}

/**
 * The pair a voter sees now: that of their latest answer once more when they took it back, else the one they were
 * shown already at this point, else the one that was to come after the pair before it, else a fresh one. A point is
 * where a pair was answered first: taking answers back and giving them again, asking for pairs, or answering as a
 * visitor leads to no other turn.
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
  const topicId = board.topic.id;
  const [shown, earlier] = await Promise.all([
    offers.find(voter, topicId, after),
    last && offers.find(voter, topicId, before?.id ?? 0),
  ]);
  const open = last?.isWithdrawn ? pairOf(last) : undefined;
  const due = [open, shown?.pair ?? earlier?.ahead].filter((pair) => pair !== undefined);
  const drawn = await nextPairs(db, board, { voter, ...progress }, secret, due);
  const at = { after, today, unknown: progress.unknown };
  if (!drawn.pair) return { pair: undefined, ...at };
  if (drawn.pair === open) return { pair: open, ahead: shown?.pair, ...at };
  if (shown) return { ...(drawn.pair === shown.pair ? shown : drawn), ...at, pair: drawn.pair };
  return { ...(await offers.settle(voter, topicId, after, { pair: drawn.pair, ahead: drawn.ahead })), ...at };
}

/** The pair that a vote answered, to be offered once more. */
export const pairOf = ({
  leftId,
  rightId,
  strategy,
}: Pick<Vote, 'leftId' | 'rightId' | 'strategy'>): Pair => ({
  leftId,
  rightId,
  strategy: strategy === 'import' ? 'explore' : strategy,
});

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
