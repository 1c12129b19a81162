import type { Invitation } from '../catalog/invitations.js';
import type { OrganizedTopic } from '../catalog/organized-topic.js';
import type { RoleLink } from '../catalog/role-links.js';
import type { ThingCells, ThingColumn } from '../catalog/thing-fields.js';
import type { Thing } from '../catalog/things.js';
import type { TopicAct, TopicPerson } from '../catalog/topic-roles.js';
import type { Place } from './join.js';
import type { TopicErrors, TopicTexts } from './new-topic.js';

declare module '../http/page.js' {
  interface Pages {
    'organize/hub': HubPage;
    'organize/people': PeoplePage;
    'organize/role-link': { link: RoleLink };
    'organize/activity': ActivityPage;
    'organize/voters': VotersPage;
    'organize/join': { place: Place };
    'organize/copy': ManagePage;
    'organize/delete': ManagePage;
    'organize/restore': ManagePage & { /** Until when it can be restored. */ until: Date };
    'organize/new': NewTopicPage;
    'organize/things': ThingsPage;
    'organize/add-things': AddThingsPage;
    'organize/thing': EditThingPage;
  }
}

/** What every page of a topic's organisers shows. */
export interface ManagePage extends OrganizedTopic {
  /** The start of the addresses of these pages. */
  manage: string;
  /** Whether the visitor may change the topic. */
  mayRun: boolean;
}

interface HubPage extends ManagePage {
  /** The address of the topic for its voters. */
  path: string;
  links: ManageLink[];
}

interface PeoplePage extends ManagePage {
  people: TopicPerson[];
  /** The id of the user. */
  you: number;
  /** Whether the user decides who has a role. */
  mayOwn: boolean;
  /** Links that nobody has used yet. Only the one who has just made a link sees its address. */
  links: (RoleLink & { url: string | undefined })[];
}

interface VotersPage extends ManagePage {
  /** A voter's personal link is there for the one who has just made it. */
  voters: (Invitation & { url?: string })[];
  /** How many of these links there are. */
  fresh: number;
  /** What is in the field, and what is wrong with it. */
  names: string;
  error: string | undefined;
}

interface ActivityPage extends ManagePage {
  /** Newest first. `by` is null for the clock, operators and closed accounts. */
  events: { text: string; more: string; at: Date; by: string | null }[];
  /** The id before which the next page starts; undefined on the last page. */
  older: number | undefined;
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

/** A thing in the list of the organisers. */
export interface ListedThing {
  id: number;
  name: string;
  picture: string | null;
  description: string | null;
  isRetired: boolean;
  /** The name of the thing that it was merged into. */
  mergedInto: string | null;
  votes: number;
}

interface ThingsPage extends ManagePage {
  things: ListedThing[];
  /** Number of things on all pages. */
  found: number;
  query: string;
  page: number;
  pages: number;
  counts: { live: number; all: number };
}

interface AddThingsPage extends ManagePage {
  things: string;
  errors: { things?: string };
  preview: ThingsPreview;
}

/** The form of one thing. */
export interface EditThingPage extends ManagePage {
  thing: Thing;
  /** What is in the fields. */
  cells: ThingCells;
  errors: Partial<Record<ThingColumn | 'into', string>>;
  /** What was typed as the name of the thing to merge with. */
  into: string;
  /** The name of the thing that it is merged into. */
  mergedInto: string | undefined;
  /** Names that are most like its own. */
  similar: string[];
}
