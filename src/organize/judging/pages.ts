import type { ComparedRank } from '../../ranking/diagnostics/compare-without.js';
import type { ManagePage } from '../pages.js';
import type { Judge } from './judges.js';
import type { JudgeNote } from './notes.js';
import type { Panel } from './panel.js';

declare module '../../http/page.js' {
  interface Pages {
    'organize/judging/judges': JudgesPage;
    'organize/judging/without': WithoutPage;
    'organize/judging/notes': JudgeNotesPage;
  }
}

interface JudgesPage extends ManagePage {
  /** Undefined when the topic has so many votes that only a command works it out. */
  panel: Panel | undefined;
  /** Whether the results stay as they are. */
  isClosed: boolean;
}

/** The ranking with and without some voters. */
interface WithoutPage extends ManagePage {
  chosen: Judge[];
  isClosed: boolean;
  /** Why there are no rows: nobody is chosen, somebody has too few votes, or too few others have enough. */
  refusal: 'none' | 'few' | 'few others' | undefined;
  rows: (ComparedRank & { name: string })[];
  /** How many votes it rests on. */
  votes: number;
}

/** The notes about one thing, and the things that have some. */
interface JudgeNotesPage extends ManagePage {
  things: { id: number; name: string; notes: number }[];
  thing: { id: number; name: string; notes: number } | undefined;
  notes: JudgeNote[];
}
