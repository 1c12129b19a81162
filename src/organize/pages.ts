import type { OrganizedTopic } from '../catalog/organized-topic.js';
import type { TopicAct } from '../catalog/topic-roles.js';
import type { TopicErrors, TopicTexts } from './new-topic.js';

declare module '../http/page.js' {
  interface Pages {
    'organize/hub': HubPage;
    'organize/new': NewTopicPage;
  }
}

/** What every page of a topic's organisers shows. */
interface ManagePage extends OrganizedTopic {
  /** The start of the addresses of these pages. */
  manage: string;
}

interface HubPage extends ManagePage {
  /** The address of the topic for its voters. */
  path: string;
  links: ManageLink[];
}

/** A page of the organisers, and what one must be allowed to do to open it. */
export interface ManageLink {
  path: string;
  title: string;
  act: TopicAct;
}

/** What becomes of things that somebody typed, row by row. */
export interface ThingsPreview {
  kind: 'lines' | 'table';
  /** Names of columns that are not read. */
  ignored: string[];
  /** Numbers of things that can be added, of those that are wrong, and of both. */
  ready: number;
  wrong: number;
  total: number;
  /** How many rows are not shown. */
  hidden: number;
  /** How many more things than the topic can have. */
  tooMany: number;
  rows: PreviewRow[];
}

/** One row of a preview. */
export interface PreviewRow {
  row: number;
  name: string;
  /** Its other fields, on one line. */
  about: string;
  /** A name that is almost the same; empty when there is none. */
  like: string;
  problems: {
    text: string;
    /** The field that corrects it. */
    label: string;
    field: string;
    value: string;
    isLong: boolean;
  }[];
}

/** The form of a new topic with what is typed. */
export interface NewTopicPage extends TopicTexts {
  things: string;
  errors: TopicErrors;
  /** The session has ended. What was typed is still there. */
  isLoggedOut: boolean;
  examples: { name: string; label: string }[];
  preview: ThingsPreview;
}
