import type { Thing } from '../../catalog/things.js';
import type { Database } from '../../database.js';
import type { PrerenderedPages } from '../../http/prerendered.js';
import type { LastFit, Standing, TopicCard } from '../boards/board.js';
import type { Boards } from '../boards/board-loader.js';
import type { Description } from '../boards/describe.js';
import type { Chart } from './chart.js';
import type { HeadToHead } from './head-to-head.js';
import type { Listing } from './leaderboard.js';

declare module '../../http/page.js' {
  interface Pages {
    'ranking/top': TopPage;
    'ranking/ranking': RankingPage;
    'ranking/how': HowPage;
    'ranking/topics': TopicsPage;
    'ranking/thing': ThingPage;
    'ranking/retired': RetiredPage;
  }
}

/** What the pages of rankings and things work with. */
export interface RankingServices {
  db: Database;
  boards: Boards;
  prerendered: PrerenderedPages;
}

/** A thing on a list: where it stands, and what is said of that. */
export type Row = Standing & Description;

interface AboutTopic {
  topic: TopicCard;
  /** What the topic's addresses begin with. */
  path: string;
  /** How many things it has. */
  size: number;
  /** How many of them the Top shows. */
  top: number;
}

interface TopPage extends AboutTopic {
  rows: Row[];
  votes: number;
  settled: string;
  /** Changes when the table does. */
  tag: string;
}

interface RankingPage extends AboutTopic, Listing {
  rows: Row[];
  query: string;
  links: { numbers: (Link | undefined)[]; previous: Link | undefined; next: Link | undefined };
}

/** A page of the ranking, and where it is. */
interface Link {
  page: number;
  path: string;
}

interface HowPage {
  topics: (TopicCard & { size: number; votes: number; fit: LastFit | undefined })[];
}

interface TopicsPage {
  topics: (TopicCard & { path: string; size: number; votes: number; leaders: Standing[] })[];
}

interface ThingPage extends Description {
  thing: Thing;
  standing: Standing;
  topic: TopicCard;
  path: string;
  size: number;
  record: HeadToHead;
  /** Meetings below which a result surprises nobody. */
  surpriseFrom: number;
  chart: Chart | undefined;
  /** The one above and the one below. */
  neighbours: (Standing | undefined)[];
  /** Where it is in the whole ranking. */
  inRanking: string;
}

interface RetiredPage {
  thing: Thing;
  topic: TopicCard;
  path: string;
  chart: Chart | undefined;
}
