import type { OpenFlag } from '../catalog/flags.js';
import type { OrganizedTopic } from '../catalog/organized-topic.js';
import type { RoleLink } from '../catalog/role-links.js';
import type { ThingCells, ThingColumn } from '../catalog/thing-fields.js';
import type { Thing } from '../catalog/things.js';
import type { TopicAct, TopicPerson } from '../catalog/topic-roles.js';
import type { Words } from '../http/words.js';
import type { Standing } from '../ranking/boards/board.js';
import type { RankTable } from '../ranking/pages/pages.js';
import type { TopicPhase } from '../schema.js';
import type { TopicErrors, TopicTexts } from './new-topic.js';
import type { Overview } from './overview.js';
import type { QrCode } from './qr-code.js';
import type { SettingsErrors, SettingsForm } from './settings.js';

declare module '../http/page.js' {
  interface Pages {
    'organize/hub': HubPage;
    'organize/people': PeoplePage;
    'organize/role-link': { link: RoleLink };
    'organize/activity': ActivityPage;
    'organize/copy': ManagePage;
    'organize/delete': ManagePage;
    'organize/restore': ManagePage & { /** Until when it can be restored. */ until: Date };
    'organize/new': NewTopicPage;
    'organize/results': ResultsPage;
    'organize/review': ReviewPage;
    'organize/settings': SettingsPage;
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
  /** The whole address at which they vote. */
  url: string;
  /** The code that people type, in two groups; undefined when there is none. */
  code: string | undefined;
  /** Where they type it, without the scheme. */
  joinUrl: string;
  /** The QR code of `url`. */
  qr: QrCode;
  links: ManageLink[];
  overview: Overview;
  /** How many suggestions and flags wait for a decision. */
  waiting: number;
  /** Its first things; empty before the first vote. */
  leaders: readonly Standing[];
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

interface SettingsPage extends ManagePage {
  form: SettingsForm;
  errors: SettingsErrors;
  phase: TopicPhase;
  /** The names of time zones to choose from. */
  zones: string[];
}

/** The ranking with its figures, to look at, to print and to take away. */
interface ResultsPage extends ManagePage, RankTable {
  /** The tags by which the things are ranked apart, and that of these things; undefined for all things. */
  tracks: string[];
  track: string | undefined;
  /** The title of its board: "Top 20". */
  title: string;
  settled: Words;
  size: number;
  votes: number;
  /** The whole address of the page for frames. */
  embed: string;
  /** Undefined when the topic has so many votes that only a command works them out. */
  figures: ShownFigures | undefined;
}

/** Figures of how people voted, as texts. */
export interface ShownFigures {
  voters: number;
  /** How well a second round of as many votes would agree, from 0 to 1: "0.87". */
  reliability: string;
  /** How often the left thing was chosen: "52 %". */
  leftShare: string;
  /** How long people take for a pair: "4.2 s". */
  seconds: string;
  /** Number of voters whose answers differ from the others' more than usual. */
  differing: number;
  /** Names of the things about which the votes differ most. */
  disputed: string[];
}

/** A suggestion that waits for a decision. */
export interface ShownSuggestion {
  id: number;
  /** The name as the voter wrote it. */
  proposed: string;
  /** Who proposed it; null for a guest. */
  by: string | null;
  at: Date;
  /** Its topic, in the list of all topics. */
  topic: { id: number; title: string } | undefined;
  /** Names of the topic that are like it, most alike first. */
  similar: string[];
  form: ReviewForm;
}

/** The suggestions and flags that wait for a decision. */
interface ReviewPage extends ManagePage {
  suggestions: ShownSuggestion[];
  flags: OpenFlag[];
}

/** What is typed for one suggestion. */
export interface ReviewForm {
  suggestionId: number;
  name: string;
  description: string;
  link: string;
  /** The name of the thing that it is the same as. */
  into: string;
  reason: string;
  /** Empty when nothing is wrong. */
  error: string;
}
