import type { Invitation } from '../../catalog/invitations.js';
import type { ManagePage } from '../pages.js';
import type { QrCode } from '../qr-code.js';
import type { Place } from './join.js';
import type { OwnWorkFigures } from './own-work.js';

declare module '../../http/page.js' {
  interface Pages {
    'organize/voters': VotersPage;
    'organize/sheet': SheetPage;
    'organize/join': { place: Place };
    'organize/enter-code': { code: string; error: string | undefined };
  }
}

/** A personal link on paper. */
export interface SheetCard {
  name: string;
  team: string | null;
  address: string;
  qr: QrCode;
}

/** Personal links to print and to cut out. */
interface SheetPage extends ManagePage {
  /** With the address as people read it, without its scheme. */
  cards: SheetCard[];
  /** The number of the next sheet; undefined on the last one. */
  next: number | undefined;
}

interface VotersPage extends ManagePage {
  /** A voter's personal link is there for the one who has just made it. */
  voters: (Invitation & { url?: string })[];
  /** The tags of which new voters can be shown only one, and the one that was chosen; empty for all things. */
  tracks: string[];
  track: string;
  ownWork: OwnWorkFigures | undefined;
  /** How many of these links there are. */
  fresh: number;
  /** How many are not revoked, and how many of these have joined. */
  standing: number;
  joined: number;
  /** Those who have fewer votes than are asked for. */
  waiting: Invitation[];
  /** What is in the field, and what is wrong with it. */
  names: string;
  error: string | undefined;
}
