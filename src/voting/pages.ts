import type { Board, Standing, TopicCard } from '../ranking/boards/board.js';
import type { NamedVote } from './history.js';
import type { Receipt } from './receipt.js';
import type { OwnProgress } from './routes.js';

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
