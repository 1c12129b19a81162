import type { OwnedTopic } from '../catalog/organized-topic.js';
import type { Words } from '../http/words.js';
import type { PanelJudge } from '../organize/judging/panel.js';
import type { QrCode } from '../organize/qr-code.js';
import type { SheetCard } from '../organize/voters/pages.js';
import type { ComparedRow } from '../profile/lists.js';
import type { Board, Standing, TopicSummary } from '../ranking/boards/board.js';
import type { StandingDescription } from '../ranking/boards/describe-standing.js';
import type { RankTable } from '../ranking/pages/pages.js';
import type { RankScale } from '../ranking/pages/rank-scale.js';
import type { Contact } from '../site/contact.js';
import type { OfferedPair } from '../voting/offer-pair.js';
import type { BarPart } from '../voting/pages.js';

declare module '../http/page.js' {
  interface Pages {
    'home/index': FrontPage;
    'home/_podium': Podium;
    'home/topics': TopicsPage;
    'home/accessibility': AccessibilityPage;
    'home/privacy': PrivacyPage;
    'home/offline': Record<string, never>;
    'home/components': ComponentsPage;
  }
}

/** The leading things of the default topic. */
export interface Podium {
  leaders: (Standing & StandingDescription)[];
  votes: number;
  /** Identifies the state of the board. The page asks with it for a newer one. */
  tag: string;
}

interface FrontPage extends Podium {
  /** How many things the heading of the leading ones names: 3, or all of a smaller topic. */
  top: number;
  topic: TopicSummary;
  topics: TopicCard[];
  /** Whether the visitor may make a topic, after a log-in. */
  mayCreate: boolean;
  /** The next pair of the voter; undefined when there is none, or Postgres is away. */
  pair: OfferedPair | undefined;
  /** How many votes of a guest wait to be counted; 0 for a member. */
  guestVotes: number;
}

/** A topic with its leading things, and how far the reader has come in it. */
export interface TopicCard {
  title: string;
  question: string;
  /** The start of its addresses; empty for the default topic. */
  path: string;
  votes: number;
  /** How many people cast them; 0 when that is not known. */
  voters: number;
  /** Empty while the ranking is not shown to all. */
  leaders: Standing[];
  /** The title of its board: "Top 20". */
  board: string;
  /** Number of its things. */
  size: number;
  /** How many votes of the reader stand. */
  ownVotes: number;
  /** How many votes make a list of one's own. */
  enough: number;
}

interface TopicsPage {
  topics: TopicCard[];
  /** Whether the visitor may make a topic, after a log-in. */
  mayCreate: boolean;
  /** The topics that the visitor runs. */
  organized: OwnedTopic[];
}

interface AccessibilityPage {
  contact: Contact | undefined;
  /** How long a session that is not kept for days may be inactive. */
  idleSeconds: number;
}

interface PrivacyPage extends AccessibilityPage {
  /** Whether people may give an e-mail address. */
  sendsMail: boolean;
  /** How long a session that is kept lasts at most, in days. */
  expireDays: number;
  /** How long the votes of a guest are kept after the latest one, in days. */
  guestDays: number;
  /** After how many days an address is shortened, and after how many it is gone with the device. */
  shortenDays: number;
  deleteDays: number;
  /** Other sites that may read who is logged in. */
  allowedOrigins: string[];
}

/** Sample things for each part of the pages. */
interface ComponentsPage {
  board: Board;
  table: RankTable;
  /** Things with names that test a layout. */
  unusual: readonly Standing[];
  /** The parts of two bars. */
  agreement: BarPart[];
  progress: BarPart[];
  /** Where a voter goes who walks from thing to thing. */
  stop: Words;
  /** A topic whose voters leave notes. */
  noted: TopicSummary;
  leaders: Podium['leaders'];
  card: TopicCard | undefined;
  own: { rows: ComparedRow[]; scale: RankScale };
  recoveryCode: string[];
  join: { qr: QrCode; code: string; joinUrl: string; mayRun: boolean; manage: string };
  invitation: SheetCard & { title: string };
  judges: PanelJudge[];
}
