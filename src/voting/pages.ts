import type { SanitizedHtml } from '../catalog/markdown.js';
import type { Suggestion } from '../catalog/suggestions.js';
import type { ThingCells, ThingColumn } from '../catalog/thing-fields.js';
import type { Words } from '../http/words.js';
import type { Board, Standing, TopicSummary } from '../ranking/boards/board.js';
import type { TopicVisit } from '../ranking/boards/visit-topic.js';
import type { NamedVote } from './history.js';
import type { OfferedPair } from './offer-pair.js';

declare module '../http/page.js' {
  interface Pages {
    'voting/vote': VotePage;
    'voting/_offer': OfferedPair & { /** Where a press goes. */ action: string };
    'voting/guest': GuestPage;
    'voting/suggest': SuggestPage;
    'voting/flag': FlagPage;
    'voting/notes': NotesPage;
  }
}

/** The pair to choose from; without one the page says why there is none. */
interface VotePage {
  board: Board;
  topic: TopicSummary;
  path: string;
  left: Standing | undefined;
  right: Standing | undefined;
  ballot: string | undefined;
  /** For a voter who walks: the ids of the things to go to, and where they are. */
  walk: { stops: ReadonlySet<number>; words: Words[] } | undefined;
  /** Whether the page is the answer to a press. Its result is then read out. */
  isAnswer: boolean;
  /** What was typed as a note; empty with a new pair. */
  note: string;
  slot: Slot;
  /** The addresses of the next pair's pictures as JSON (`PictureSources[]`), to load them early. */
  ahead: string;
  /** How many votes of today (UTC) the voter has in this topic. */
  today: number;
  /** Only for a member. */
  own?: OwnProgress;
  /** Only for a guest: how many votes wait for them, and how many pairs they get a day. */
  guest?: { votes: number; pairs: number /** Whether their votes count already. */; counts: boolean };
  /** Why there may be no pair: the phase, and whether the ranking is hidden from the voter. */
  end: Pick<TopicVisit, 'phase' | 'hidden' | 'role'>;
  /** Whether the topic is closed, and there are notes about things of the voter's team. */
  hasNotes: boolean;
  /** Whether the two have a text to read. */
  hasTexts: boolean;
  /** The texts of the two, in the reading view; undefined in the usual one. */
  texts: { left: SanitizedHtml | undefined; right: SanitizedHtml | undefined } | undefined;
  /** How many votes the topic asks each voter for, and how many of theirs stand. */
  each: { done: number; of: number } | undefined;
}

/** The form with which voters propose things, and what became of those of one voter. */
export interface SuggestPage {
  topic: TopicSummary;
  path: string;
  /** What is typed. */
  cells: Readonly<ThingCells>;
  errors: Partial<Record<ThingColumn, string>>;
  /** Names of the topic that are like the one that is typed. */
  similar: string[];
  /** Whether the visitor has voted, so that somebody can tell them what became of it. */
  mayPropose: boolean;
  own: (Suggestion & { thing: string | null })[];
}

interface FlagPage {
  topic: TopicSummary;
  path: string;
  thing: Standing;
  reason: string;
  /** Empty before the first try. */
  error: string;
}

/** The notes about the things of a team, after voting has ended. */
interface NotesPage {
  topic: TopicSummary;
  path: string;
  /** Whether voting has ended. Before that, the page has no notes. */
  isOver: boolean;
  things: { name: string; notes: { note: string /** The other thing of the pair. */; other: string }[] }[];
}

/** A guest's votes. */
interface GuestPage {
  votes: NamedVote[];
  /** Whether all, some or none of them count. */
  counting: 'all' | 'some' | 'none';
  /** How many days after the last one they are deleted. */
  days: number;
  isChangeable: (vote: NamedVote) => boolean;
}

/** How far a member's own Top of a topic has come. */
export interface OwnProgress {
  /** How many answers are missing until they have an own list; 0 when they have one. */
  toGo: number;
  /** How many answers an own list needs. */
  enough: number;
  /** The length of their Top; 0 while their list is too short for one. */
  size: number;
  /** How many things of that Top we expect to be right. */
  expectedRight: number;
}

/** What stands below the answers: a bar, two lines, and "Undo". It is there before the first vote, too. */
export interface Slot {
  /** The parts of the bar, in percent of its width. Empty when there is nothing to draw. */
  bar: BarPart[];
  /** What became of the vote, in a sentence for screen readers, where the title does not say it. Else empty. */
  sentence: Words;
  /** The first line; empty for a guest, who reads there how to sign up. */
  title: Words;
  /** The second line; may be empty. */
  line: Words;
  /** The ballot of the vote that "Undo" withdraws; without it there is no such button. */
  undo: string | undefined;
}

/** A part of the bar: the voter’s own vote, another one like it, or one unlike it; a filled slot, or an open one. */
export interface BarPart {
  x: number;
  width: number;
  kind: 'you' | 'yes' | 'no' | 'on' | 'off';
}
