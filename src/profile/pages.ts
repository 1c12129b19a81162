import type { LiveSession } from '../auth/sessions/sessions.js';
import type { Words } from '../http/words.js';
import type { Standing, TopicSummary } from '../ranking/boards/board.js';
import type { RankScale } from '../ranking/pages/rank-scale.js';
import type { NamedVote } from '../voting/history.js';
import type { Vote } from '../voting/voting.js';
import type { Agreement } from './agreement.js';
import type { ComparedRow, Missing, previewOf } from './lists.js';
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
  /** The topic of the user's latest vote, or the default topic. */
  topic: TopicSummary;
  path: string;
  /** The user's own list of that topic; undefined before their first vote. */
  own: (OwnTop & { agreement: Agreement }) | undefined;
  preview: ReturnType<typeof previewOf> | undefined;
  /** How many votes the list still needs. */
  missing: Missing;
  /** The page of the whole list. */
  listPath: string;
  /** The other topics in which the user has voted. */
  others: VotedTopic[];
  /** How many votes stand, without skips. */
  total: number;
  votes: NamedVote[];
  hasMore: boolean;
  isChangeable: (vote: Vote) => boolean;
  streaks: Streaks;
  /** How many others an agreement needs. */
  enough: { others: number };
  session: LiveSession | undefined;
  device: string;
  /** Whether the site can send mail. */
  sendsMail: boolean;
}

interface OwnTopPage {
  topic: TopicSummary;
  path: string;
  own: (OwnTop & { agreement: Agreement; cycles: ReturnType<typeof describeCycles> }) | undefined;
  /** The lines of the Top, and of the list after it, as far as it is shown. */
  rows: ComparedRow[];
  rest: ComparedRow[];
  /** How many things come after the Top. */
  more: number;
  /** Whether some or all of the things are new for everyone. */
  hasNew: boolean;
  isAllNew: boolean;
  /**
   * The labels of the scale on which the lines draw both ranks. Undefined while the user does not see everyone's
   * ranking.
   */
  scale: RankScale | undefined;
  /** What the list still needs: for itself, for a longer Top, and until its differences are shown. */
  missing: Missing;
  toNext: Missing | undefined;
  toDifferences: Missing;
  /** The lengths that a shared Top can have. */
  sizes: number[];
  others: VotedTopic[];
  enough: { others: number; latest: number };
}

interface VotesPage {
  total: number;
  votes: NamedVote[];
  /** The id before which the next page starts; undefined on the last page. */
  older: number | undefined;
  paged: boolean;
  receipt: Words | undefined;
  isChangeable: (vote: Vote) => boolean;
}

interface ChangePage {
  topic: TopicSummary;
  left: Standing;
  right: Standing;
  old: Vote;
  answer: Words;
  ballot: string;
  /** The voter's note so far, or what was typed as one. */
  note: string;
  /** Empty before the first try. */
  error: string;
}

interface ClosePage {
  /** The topics of which the user is the only owner, and who gets each; null when it is deleted. */
  topics: { title: string; heir: string | null }[];
  error: string | undefined;
}
