import type { Standing, TopicSummary } from '../ranking/boards/board.js';
import type { StandingDescription } from '../ranking/boards/describe-standing.js';

declare module '../http/page.js' {
  interface Pages {
    'home/index': FrontPage;
    'home/accessibility': Record<string, never>;
    'home/offline': Record<string, never>;
  }
}

interface FrontPage {
  topic: TopicSummary;
  leaders: (Standing & StandingDescription)[];
  topics: TopicSummary[];
  votes: number;
  /** Whether the visitor is a user, or a guest who has voted. */
  isVoter: boolean;
  /** For a new visitor: a pair to start with, and its signed ballot. */
  left?: Standing | undefined;
  right?: Standing | undefined;
  ballot?: string;
}
