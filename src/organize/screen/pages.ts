import type { Words } from '../../http/words.js';
import type { TopicSummary } from '../../ranking/boards/board.js';
import type { TopicVisit } from '../../ranking/boards/visit-topic.js';
import type { RankTable } from '../../ranking/pages/pages.js';
import type { TopicPhase } from '../../schema.js';
import type { QrCode } from '../qr-code.js';
import type { Reveal } from './reveal.js';

declare module '../../http/page.js' {
  interface Pages {
    'organize/screen': ScreenPage;
    'organize/reveal': RevealPage;
  }
}

/** How people in a room get to the vote. */
export interface ScreenJoin {
  /** In two groups; undefined when the topic has none. */
  code: string | undefined;
  /** Where the code is typed, without the scheme. */
  url: string;
  qr: QrCode;
}

/** The ranking on a large screen. */
interface ScreenPage extends RankTable {
  topic: TopicSummary;
  /** The start of the topic's paths. */
  path: string;
  phase: TopicPhase;
  /** When the ranking is shown; undefined when it is shown now. */
  hidden: TopicVisit['hidden'];
  votes: number;
  voters: number;
  size: number;
  /** The title of its board: "Top 20". */
  title: string;
  settled: Words;
  join: ScreenJoin | undefined;
  /** Whether it stays as it is. */
  isHeld: boolean;
  /** The ETag of its changing part. */
  tag: string;
}

interface RevealPage extends Reveal {
  topic: TopicSummary;
  path: string;
  phase: TopicPhase;
}
