import type { Database } from '../../database.js';
import type { Board, Standing } from '../boards/board.js';
import { isNew } from '../boards/rating.js';
import { winChance } from '../math/online-update.js';
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

/** A thing's record against other things: the most relevant ones, and the upsets. */
export interface HeadToHead {
  /** Number of votes between this thing and any other. */
  matchUps: number;
  /** Its neighbours on the board, met or not, and the things it met most, in the order of the board. */
  opponents: Opponent[];
  /** Much stronger things that it beats, the biggest upset first; empty for a new thing. */
  upsetWins: Opponent[];
  /** Much weaker things that beat it, the biggest upset first; empty for a new thing. */
  upsetLosses: Opponent[];
}

/** Match-ups from which a result can count as an upset. */
export const MIN_MATCH_UPS_FOR_UPSET = 3;

const NEIGHBOURS_EACH_SIDE = 2;
const MAX_MOST_MET = 6;
const MAX_UPSETS = 3;
/** A thing is much weaker than another one when its probability to win is at most this. */
const MUCH_WEAKER = 1 / 3;

/** Reads a thing's record against the other things on its board. */
export async function readHeadToHead(db: Database, board: Board, standing: Standing): Promise<HeadToHead> {
  const records = await readRecords(db, standing.id);
  const opponents = records.flatMap((record) => {
    const other = board.find(record.otherId);
    return other ? [toOpponent(standing, other, record)] : [];
  });
  const comparable = opponents.filter(
    (opponent) => matchUpsOf(opponent) >= MIN_MATCH_UPS_FOR_UPSET && !isNew(opponent.other),
  );
  return {
    matchUps: records.reduce((sum, record) => sum + matchUpsOf(record), 0),
    opponents: selectShown(opponents, board, standing),
    upsetWins: isNew(standing) ? [] : findUpsets(comparable, standing, 1),
    upsetLosses: isNew(standing) ? [] : findUpsets(comparable, standing, -1),
  };
}

async function readRecords(db: Database, thingId: number): Promise<PairRecord[]> {
  const pairs = await readPairsWith(db, thingId);
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

/** @param sign 1 for wins against much stronger things, -1 for losses against much weaker ones */
function findUpsets(opponents: Opponent[], standing: Standing, sign: 1 | -1): Opponent[] {
  const expected = ({ other }: Opponent): number => winChance(sign * (standing.mean - other.mean));
  const excess = (opponent: Opponent): number =>
    (sign * (opponent.won - opponent.lost)) / 2 + matchUpsOf(opponent) * (0.5 - expected(opponent));
  return opponents
    .filter((opponent) => sign * (opponent.won - opponent.lost) > 0 && expected(opponent) <= MUCH_WEAKER)
    .sort((one, other) => excess(other) - excess(one))
    .slice(0, MAX_UPSETS);
}

const matchUpsOf = ({ won, lost, ties }: PairRecord): number => won + lost + ties;
