import type { Standing, TopicSummary } from '../ranking/boards/board.js';
import type { StandingDescription } from '../ranking/boards/describe-standing.js';

declare module '../http/page.js' {
  interface Pages {
    'home/index': FrontPage;
    'home/accessibility': Record<string, never>;
  }
}

interface FrontPage {
  topic: TopicSummary;
  leaders: (Standing & StandingDescription)[];
  topics: TopicTile[];
  votes: number;
  /** The next pair of the voter, and its signed ballot; undefined when there is no pair left. */
  left: Standing | undefined;
  right: Standing | undefined;
  ballot: string | undefined;
  /** How many votes of a guest wait to be counted; 0 for a member. */
  guestVotes: number;
}

/** A topic with its leading things. */
export interface TopicTile {
  title: string;
  question: string;
  /** The start of its addresses; empty for the default topic. */
  path: string;
  votes: number;
  leaders: Standing[];
}
