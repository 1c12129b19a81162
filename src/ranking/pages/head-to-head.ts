import type { Database } from '../../database.js';
import type { Board, Standing } from '../boards/board.js';
import { isNew } from '../boards/rating.js';
import { readPairsWith } from '../ranker/pair-counts.js';

/** The published votes on one pair, from the side of one of its two things. Skips are left out. */
interface PairRecord {
  otherId: number;
  won: number;
  lost: number;
  /** Number of votes for "about the same". */
  ties: number;
}

/** A thing's record against another one on the board. */
interface Opponent extends PairRecord {
  other: Standing;
  /** "just above" or "just below" for the next thing on the board, else empty. */
  near: '' | 'just above' | 'just below';
}

/** A thing's record against other things: the most relevant ones, its best wins and its worst losses. */
export interface HeadToHead {
  /** Number of votes between this thing and any other. */
  matchUps: number;
  /** Its neighbours on the board, met or not, and the things it met most, in the order of the board. */
  opponents: Opponent[];
  /** The highest-ranked things that it beats, at most three. */
  bestWins: Opponent[];
  /** The lowest-ranked things that beat it, at most three. */
  worstLosses: Opponent[];
}

/** Match-ups from which a result counts as a win or a loss against another thing. */
export const MIN_MATCH_UPS = 3;

const NEIGHBOURS_EACH_SIDE = 2;
const MAX_MOST_MET = 6;
const MAX_RESULTS = 3;

/** Reads a thing's record against the other things on its board. */
export async function readHeadToHead(db: Database, board: Board, standing: Standing): Promise<HeadToHead> {
  const records = await readRecords(db, board, standing.id);
  const opponents = records.flatMap((record) => {
    const other = board.find(record.otherId);
    return other ? [toOpponent(standing, other, record)] : [];
  });
  const byRank = opponents
    .filter((opponent) => matchUpsOf(opponent) >= MIN_MATCH_UPS && !isNew(opponent.other))
    .sort((one, other) => one.other.rank - other.other.rank);
  return {
    matchUps: records.reduce((sum, record) => sum + matchUpsOf(record), 0),
    opponents: selectShown(opponents, board, standing),
    bestWins: byRank.filter(({ won, lost }) => won > lost).slice(0, MAX_RESULTS),
    worstLosses: byRank
      .filter(({ won, lost }) => lost > won)
      .reverse()
      .slice(0, MAX_RESULTS),
  };
}

async function readRecords(db: Database, { merges }: Board, thingId: number): Promise<PairRecord[]> {
  const pairs = await readPairsWith(db, { thingId, merges });
  return pairs.map(({ low, high, lowWins, highWins, ties }) =>
    low === thingId
      ? { otherId: high, won: lowWins, lost: highWins, ties }
      : { otherId: low, won: highWins, lost: lowWins, ties },
  );
}

function toOpponent(
  { rank }: Standing,
  other: Standing,
  { won, lost, ties }: Omit<PairRecord, 'otherId'> = { won: 0, lost: 0, ties: 0 },
): Opponent {
  const distance = other.rank - rank;
  const near = distance === -1 ? 'just above' : distance === 1 ? 'just below' : '';
  return { otherId: other.id, won, lost, ties, other, near };
}

function selectShown(opponents: Opponent[], board: Board, standing: Standing): Opponent[] {
  const byId = new Map(opponents.map((opponent) => [opponent.otherId, opponent]));
  const neighbours = board.standings
    .slice(Math.max(standing.rank - 1 - NEIGHBOURS_EACH_SIDE, 0), standing.rank + NEIGHBOURS_EACH_SIDE)
    .filter(({ id }) => id !== standing.id)
    .map((other) => byId.get(other.id) ?? toOpponent(standing, other));
  const mostMet = opponents
    .toSorted((one, other) => matchUpsOf(other) - matchUpsOf(one))
    .slice(0, MAX_MOST_MET);
  return [...new Set([...mostMet, ...neighbours])].sort((one, other) => one.other.rank - other.other.rank);
}

const matchUpsOf = ({ won, lost, ties }: PairRecord): number => won + lost + ties;
