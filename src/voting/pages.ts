import type { Board, Standing, TopicSummary } from '../ranking/boards/board.js';
import type { NamedVote } from './history.js';
import type { Receipt } from './receipt.js';

declare module '../http/page.js' {
  interface Pages {
    'voting/vote': VotePage;
    'voting/guest': GuestPage;
  }
}

/** The pair to choose from; without one the page says why there is none. */
interface VotePage {
  board: Board;
  topic: TopicSummary;
  path: string;
  left: Standing | undefined;
  right: Standing | undefined;
  ballot: string | undefined;
  receipt: Receipt | undefined;
  /** Pictures of the next pair, to load early. */
  ahead: string[];
  /** How many votes of today (UTC) the voter has in this topic. */
  today: number;
  /** Only for a member. */
  own?: OwnProgress;
  /** Only for a guest: how many votes wait for them, and how many pairs they get a day. */
  guest?: { votes: number; pairs: number };
}

/** A guest's votes. */
interface GuestPage {
  votes: NamedVote[];
  /** How many days after the last one they are deleted. */
  days: number;
  isChangeable: (vote: NamedVote) => boolean;
}

/** How far a member's own Top of a topic has come. */
export interface OwnProgress {
  /** How many answers are missing until they have an own list; 0 when they have one. */
  toGo: number;
  /** How many answers an own list needs. */
  enough: number;
  /** The length of their Top; 0 while their list is too short for one. */
  size: number;
  /** How many things of that Top we expect to be right. */
  expectedRight: number;
}
