import type { LiveSession } from '../auth/sessions/sessions.js';
import type { Standing, TopicCard } from '../ranking/boards/board.js';
import type { NamedVote } from '../voting/history.js';
import type { Vote } from '../voting/voting.js';
import type { Agreement } from './agreement.js';
import type { OwnTop } from './own-top.js';
import type { Streaks } from './streaks.js';
import type { cyclesInWords } from './wording.js';

declare module '../http/page.js' {
  interface Pages {
    'profile/profile': ProfilePage;
    'profile/top': OwnTopPage;
    'profile/votes': VotesPage;
    'profile/change': ChangePage;
    'profile/close': ClosePage;
  }
}

/** A topic in which somebody has voted. */
type VotedTopic = TopicCard & { path: string; votes: number };

interface ProfilePage {
  /** How many of their votes stand. */
  total: number;
  votes: NamedVote[];
  hasMore: boolean;
  isChangeable: (vote: Vote) => boolean;
  streaks: Streaks;
  /** Their own list of the topic in which they have voted most. */
  own: (OwnTop & { topic: TopicCard; agreement: Agreement }) | undefined;
  topics: VotedTopic[];
  /** How many answers, and how many others, it takes. */
  enough: { answers: number; others: number };
  session: LiveSession | undefined;
  device: string;
}

interface OwnTopPage {
  topic: TopicCard;
  path: string;
  own: (OwnTop & { agreement: Agreement; cycles: ReturnType<typeof cyclesInWords> }) | undefined;
  /** How many places a link to it may show. */
  sizes: number[];
  others: VotedTopic[];
  enough: { answers: number; met: number; others: number; latest: number };
}

interface VotesPage {
  total: number;
  votes: NamedVote[];
  /** Where the next page begins. */
  older: number | undefined;
  paged: boolean;
  receipt: string | undefined;
  isChangeable: (vote: Vote) => boolean;
}

interface ChangePage {
  topic: TopicCard;
  left: Standing;
  right: Standing;
  old: Vote;
  answer: string;
  ballot: string;
  isUnanswered: boolean;
}

interface ClosePage {
  error?: string;
}
