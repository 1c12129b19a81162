import type { Board, Standing, TopicCard } from '../ranking/boards/board.js';
import type { NamedVote } from './history.js';
import type { Receipt } from './receipt.js';

declare module '../http/page.js' {
  interface Pages {
    'voting/vote': VotePage;
    'voting/guest': GuestPage;
  }
}

/** The pair to choose from; without one it says why there is none. */
interface VotePage {
  board: Board;
  topic: TopicCard;
  path: string;
  left: Standing | undefined;
  right: Standing | undefined;
  ballot: string | undefined;
  receipt: Receipt | undefined;
  /** Pictures of the pair after it. */
  ahead: string[];
  /** Votes of today in this topic. */
  today: number;
  /** Of a member. */
  own?: OwnProgress;
  /** Of a guest: how many votes are kept for them, and how many pairs they get a day. */
  guest?: { kept: number; pairs: number };
}

/** A guest's votes. */
interface GuestPage {
  votes: NamedVote[];
  /** How many days they are kept. */
  days: number;
  isChangeable: (vote: NamedVote) => boolean;
}

/** What the pair page says of how far a voter's own Top of a topic has come. */
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
