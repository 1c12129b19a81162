import type { SanitizedHtml } from '../../catalog/markdown.js';
import type { Thing } from '../../catalog/things.js';
import type { PrerenderedPages } from '../../http/prerendered.js';
import type { Words } from '../../http/words.js';
import type { FitSummary, Standing, TopicSummary } from '../boards/board.js';
import type { StandingDescription } from '../boards/describe-standing.js';
import type { TopicVisit, VisitServices } from '../boards/visit-topic.js';
import type { Chart } from './chart.js';
import type { GoalCourse } from './goal-course.js';
import type { HeadToHead } from './head-to-head.js';
import type { Listing } from './leaderboard.js';
import type { RankBar, RankScale } from './rank-scale.js';

declare module '../../http/page.js' {
  interface Pages {
    'ranking/top': TopPage;
    'ranking/ranking': RankingPage;
    'ranking/how': HowPage;
    'ranking/thing': ThingPage;
    'ranking/retired': RetiredPage;
    'ranking/embed': EmbedPage;
    'ranking/hidden': HiddenPage;
  }
}

/** The services that the handlers of these pages use. */
export interface RankingServices extends VisitServices {
  prerendered: PrerenderedPages;
}

/** A row of a leaderboard. */
export interface Row extends Standing, StandingDescription {
  /** Its likely range on the scale of the table; undefined for a new thing. */
  bar: RankBar | undefined;
  /** Whether it is open which of it and the row above is better. */
  isTiedWithPrevious: boolean;
  isTiedWithNext: boolean;
  /** The line of its rank over the past days, as SVG path data in a square of 100; undefined while that is short. */
  trend: string | undefined;
  /** Whether the ranks of the topic's goal end with this row. */
  isLastOfGoal: boolean;
}

/** The rows of a leaderboard, and the scale that their ranges share; undefined while all rows are new things. */
export interface RankTable {
  rows: Row[];
  scale: RankScale | undefined;
  /** Whether rows have a trend, are tied with the next, or have moved. */
  hasTrends: boolean;
  hasTies: boolean;
  hasMoves: boolean;
}

/** The data that all pages of one topic's ranking share. */
export interface TopicPage {
  topic: TopicSummary;
  /** The start of the topic's paths. */
  path: string;
  /** Number of things in the topic. */
  size: number;
  votes: number;
  /** The title of the topic's board, from its goal: "Top 20". */
  title: string;
  /** The tags by which its things are ranked apart. */
  tracks: string[];
  /** The tag of these things; undefined for all things. */
  track: string | undefined;
  /** Whether these are the final results. */
  isClosed: boolean;
}

interface TopPage extends TopicPage, RankTable {
  /** How sure the ranks of the goal are, in a sentence; empty while there is nothing to say. */
  settled: Words;
  /** How that has changed with the votes; undefined while there are too few points. */
  course: GoalCourse | undefined;
  /** The ETag of the table. */
  tag: string;
}

interface RankingPage extends TopicPage, RankTable, Listing {
  query: string;
  links: PageLinks;
}

/** The links between the pages of a ranking. In `numbers`, undefined stands for a gap. */
export interface PageLinks {
  numbers: (PageLink | undefined)[];
  previous: PageLink | undefined;
  next: PageLink | undefined;
}

/** A link to one page of a ranking, with its number from 1. */
export interface PageLink {
  page: number;
  path: string;
}

interface HowPage {
  topics: (TopicSummary & {
    size: number;
    votes: number;
    fit: FitSummary | undefined;
    /** The standard deviation of the strengths; 0 without a fit. */
    deviation: number;
  })[];
}

interface ThingPage extends StandingDescription {
  thing: Thing;
  /** Undefined for a thing without a text. */
  text: SanitizedHtml | undefined;
  standing: Standing;
  topic: TopicSummary;
  path: string;
  size: number;
  record: HeadToHead;
  /** Match-ups from which a result counts as a win or a loss against another thing. */
  minMatchUps: number;
  /** All ranks of the topic, and the thing's likely range on them. */
  scale: RankScale;
  bar: RankBar;
  /** Undefined while its history is shorter than two days. */
  chart: Chart | undefined;
  /** The next thing above and the next thing below. */
  neighbours: (Standing | undefined)[];
  /** The thing's row in the full ranking. */
  rankingPath: string;
}

interface HiddenPage {
  topic: TopicSummary;
  path: string;
  phase: TopicVisit['phase'];
  hidden: NonNullable<TopicVisit['hidden']>;
  /** How many answers show the ranking to their voter. */
  answers: number;
}

interface EmbedPage extends RankTable {
  topic: TopicSummary;
  /** The title of its board: "Top 20". */
  title: string;
  votes: number;
  /** When the ranking is shown; undefined when it is. */
  hidden: TopicVisit['hidden'];
  /** The whole address of the topic. */
  url: string;
}

interface RetiredPage {
  thing: Thing;
  /** The thing for which its votes count, when it was merged. */
  mergedInto: Standing | undefined;
  topic: TopicSummary;
  path: string;
  chart: Chart | undefined;
}
