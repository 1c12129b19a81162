import { fitGoal } from '../../catalog/goal.js';
import { notFound } from '../../http/problem.js';
import { intervalsOf } from '../math/intervals.js';
import { estimatesOf } from '../math/online-update.js';
import { seededRandom } from '../math/random.js';
import { Board } from './board.js';

/** The most tracks that a page links to, and the fewest and the most things of a track that has a ranking. */
const [MAX_TRACKS, MIN_SIZE, MAX_SIZE] = [24, 2, 500];

/**
 * The tags of a topic whose things have a ranking of their own, by name. Of many tags it takes those with the most
 * things.
 */
export function tracksOf(board: Board): string[] {
  const sizes = new Map<string, number>();
  for (const { tags } of board.standings) for (const tag of tags) sizes.set(tag, (sizes.get(tag) ?? 0) + 1);
  return [...sizes]
    .filter(([, size]) => size >= MIN_SIZE && size <= MAX_SIZE)
    .sort(([, one], [, other]) => other - one)
    .slice(0, MAX_TRACKS)
    .map(([tag]) => tag)
    .sort((one, other) => one.localeCompare(other));
}

/**
 * The board that an address asks for: that of a track (`?tag=`), or the whole one.
 * @param tag the value in the address
 * @throws Problem 404 when there is no such track
 */
export function askedTrack(board: Board, tag: unknown): Board {
  if (tag === undefined || tag === '') return board;
  const track = trackOf(board, String(tag));
  if (track.size < MIN_SIZE || track.size > MAX_SIZE) throw notFound();
  return track;
}

/** The board of the things with one tag, from the same votes. Its ranks and ranges are those among these things. */
export function trackOf(board: Board, tag: string): Board {
  const known = cache.get(board) ?? new Map<string, Board>();
  cache.set(board, known);
  const track = known.get(tag) ?? makeTrack(board, tag);
  // Anybody can ask for any tag, so only those that exist are kept.
  if (track.size > 0) known.set(tag, track);
  return track;
}

// A board never changes, so a track is worked out once for each.
const cache = new WeakMap<Board, Map<string, Board>>();

function makeTrack(board: Board, tag: string): Board {
  const things = board.standings.filter(({ tags }) => tags.includes(tag));
  const { topic, version, fit, loadedAt, retired, merges, limits } = board;
  const goal = fitGoal(topic.goal, things.length);
  // The ranges of this many things take some 20 ms. Nobody sees those of a larger track.
  const ranges =
    things.length <= MAX_SIZE ? intervalsOf(estimatesOf(things), goal, seededRandom(topic.id)) : undefined;
  return new Board(
    {
      ...{ ...topic, version, fit, loadedAt, retired, merges, limits, track: tag, progress: [] },
      // Trends are of ranks in the whole topic.
      trends: { readAt: loadedAt, ranks: new Map() },
      expectedShare: ranges?.expectedShare ?? null,
    },
    things.map((thing, index) => ({
      ...{ ...thing, rank: index + 1, previousRank: null },
      ...{ low: ranges?.low[index] ?? null, high: ranges?.high[index] ?? null },
      topChance: ranges?.topChance[index] ?? null,
      isLevelWithNext: ranges ? ranges.levelWithNext[index] === 1 : null,
    })),
  );
}
