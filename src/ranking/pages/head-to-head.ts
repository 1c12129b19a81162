import type { Database } from '../../database.js';
import type { Board, Standing } from '../boards/board.js';
import { NEW_BELOW } from '../boards/describe.js';
import { appearances } from '../boards/rating.js';
import { winChance } from '../math/online.js';
import { readPairsWith } from '../ranker/pair-counts.js';

/** How a thing fared against another one, as far as the pair counts go; skips are left out. */
export interface Meetings {
  otherId: number;
  won: number;
  lost: number;
  /** How often people said "about the same". */
  ties: number;
}

/** The same with the other thing as it stands. */
export interface Encounter extends Meetings {
  other: Standing;
  /** "just above" or "just below" for the neighbours on the board, else empty. */
  near: '' | 'just above' | 'just below';
}

/** A thing's record: in figures against those that matter most, and where it differs from what places say. */
export interface HeadToHead {
  /** How many meetings it is made from. */
  meetings: number;
  /** Neighbours on the board, met or not, and those it met most, best first. */
  encounters: Encounter[];
  /** Those it beats although they stand well above it, the most surprising first. */
  beats: Encounter[];
  /** Those that beat it from well below. */
  beatenBy: Encounter[];
}

/** Meetings below which a result surprises nobody. */
export const SURPRISE_FROM = 3;

const [NEIGHBOURS, MOST_MET, MOST_SURPRISES] = [2, 6, 3];
/** One thing stands well above another when it would be chosen in two of three meetings or more. */
const WELL_BELOW = 1 / 3;

/** How a thing fares against the others on its board. */
export async function headToHead(db: Database, board: Board, standing: Standing): Promise<HeadToHead> {
  const all = await meetingsOf(db, standing.id);
  const met = new Map(all.map((meetings) => [meetings.otherId, meetings]));
  const encounters = all.flatMap((meetings) => {
    const other = board.find(meetings.otherId);
    return other ? [encounterOf(standing, other, meetings)] : [];
  });
  const neighbours = board.standings
    .slice(Math.max(standing.rank - 1 - NEIGHBOURS, 0), standing.rank + NEIGHBOURS)
    .filter(({ id }) => id !== standing.id)
    .map((other) => encounterOf(standing, other, met.get(other.id)));
  const metMost = encounters.toSorted((one, other) => countOf(other) - countOf(one)).slice(0, MOST_MET);
  const shown = new Map([...metMost, ...neighbours].map((encounter) => [encounter.otherId, encounter]));
  const known = encounters.filter(
    (encounter) => countOf(encounter) >= SURPRISE_FROM && !isNew(encounter.other),
  );
  return {
    meetings: all.reduce((sum, meetings) => sum + countOf(meetings), 0),
    encounters: [...shown.values()].sort((one, other) => one.other.rank - other.other.rank),
    beats: isNew(standing) ? [] : surprises(known, standing, 1),
    beatenBy: isNew(standing) ? [] : surprises(known, standing, -1),
  };
}

async function meetingsOf(db: Database, thingId: number): Promise<Meetings[]> {
  const pairs = await readPairsWith(db, thingId);
  return pairs.map(({ low, high, lowWins, highWins, ties }) =>
    low === thingId
      ? { otherId: high, won: lowWins, lost: highWins, ties }
      : { otherId: low, won: highWins, lost: lowWins, ties },
  );
}

function encounterOf(
  { rank }: Standing,
  other: Standing,
  { won, lost, ties }: Omit<Meetings, 'otherId'> = { won: 0, lost: 0, ties: 0 },
): Encounter {
  const distance = other.rank - rank;
  const near = distance === -1 ? 'just above' : distance === 1 ? 'just below' : '';
  return { otherId: other.id, won, lost, ties, other, near };
}

/** @param sign 1 for those it beats from below, -1 for those that beat it from below */
function surprises(encounters: Encounter[], standing: Standing, sign: 1 | -1): Encounter[] {
  const expected = ({ other }: Encounter): number => winChance(sign * (standing.mean - other.mean));
  const excess = (encounter: Encounter): number =>
    (sign * (encounter.won - encounter.lost)) / 2 + countOf(encounter) * (0.5 - expected(encounter));
  return encounters
    .filter((encounter) => sign * (encounter.won - encounter.lost) > 0 && expected(encounter) <= WELL_BELOW)
    .sort((one, other) => excess(other) - excess(one))
    .slice(0, MOST_SURPRISES);
}

const countOf = ({ won, lost, ties }: Meetings): number => won + lost + ties;

const isNew = (standing: Standing): boolean => appearances(standing) < NEW_BELOW;
