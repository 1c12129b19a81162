import type { LiveSession } from '../auth/sessions/sessions.js';
import type { Standing, TopicSummary } from '../ranking/boards/board.js';
import type { NamedVote } from '../voting/history.js';
import type { Vote } from '../voting/voting.js';
import type { Agreement } from './agreement.js';
import type { OwnTop } from './own-top.js';
import type { Streaks } from './streaks.js';
import type { describeCycles } from './wording.js';

declare module '../http/page.js' {
  interface Pages {
    'profile/profile': ProfilePage;
    'profile/top': OwnTopPage;
    'profile/votes': VotesPage;
    'profile/change': ChangePage;
    'profile/close': ClosePage;
  }
}

/** A topic in which the user has voted, with the path of the own list. */
type VotedTopic = TopicSummary & { path: string; votes: number };

interface ProfilePage {
  /** How many votes stand, without skips. */
  total: number;
  votes: NamedVote[];
  hasMore: boolean;
  isChangeable: (vote: Vote) => boolean;
  streaks: Streaks;
  /** The user's own list of the topic with most of their votes. */
  own: (OwnTop & { topic: TopicSummary; agreement: Agreement }) | undefined;
  topics: VotedTopic[];
  /** How many answers that list needs, and how many others an agreement needs. */
  enough: { answers: number; others: number };
  session: LiveSession | undefined;
  device: string;
}

interface OwnTopPage {
  topic: TopicSummary;
  path: string;
  own: (OwnTop & { agreement: Agreement; cycles: ReturnType<typeof describeCycles> }) | undefined;
  /** The lengths that a shared Top can have. */
  sizes: number[];
  others: VotedTopic[];
  enough: { answers: number; others: number; latest: number };
}

interface VotesPage {
  total: number;
  votes: NamedVote[];
  /** The id before which the next page starts; undefined on the last page. */
  older: number | undefined;
  paged: boolean;
  receipt: string | undefined;
  isChangeable: (vote: Vote) => boolean;
}

interface ChangePage {
  topic: TopicSummary;
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
