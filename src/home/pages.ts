import type { Standing, TopicCard } from '../ranking/boards/board.js';
import type { Description } from '../ranking/boards/describe.js';

declare module '../http/page.js' {
  interface Pages {
    'home/index': FrontPage;
    'home/accessibility': Record<string, never>;
  }
}

interface FrontPage {
  topic: TopicCard;
  leaders: (Standing & Description)[];
  topics: TopicCard[];
  votes: number;
  /** Whether somebody looks who has voted before. */
  isVoter?: boolean;
  /** For newcomers: a pair to begin with. */
  left?: Standing | undefined;
  right?: Standing | undefined;
  ballot?: string;
}
