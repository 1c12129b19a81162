import type { Database } from '../../database.js';
import type { Votes } from '../math/graph.js';
import { splitByVoter, splitHalfReliability } from '../math/split-halves.js';
import { readEnd } from '../ranker/closing.js';
import type { RankWorkerPool } from '../ranker/rank-worker-pool.js';
import { rankedIndexes } from '../ranker/ratings.js';
import { readVoteList } from '../ranker/vote-list.js';

/**
 * Fits two halves of a topic's voters apart, and tells how well they agree.
 * @returns 0 to 1, as the reliability of the whole; undefined for fewer than two voters
 */
export async function readSplitHalves(
  db: Database,
  workers: RankWorkerPool,
  topicId: number,
): Promise<number | undefined> {
  const { topic, list } = await readVoteList(db, topicId, { upTo: await readEnd(db, topicId) });
  const halves = splitByVoter(list.votes);
  if (!halves) return undefined;
  const ranked = rankedIndexes(topic);
  const meansOf = async (votes: Votes): Promise<Float64Array> => {
    const { fit } = await workers.fit({ votes, options: {}, header: undefined });
    return Float64Array.from(ranked, (index) => fit.means[index] as number);
  };
  return splitHalfReliability(await meansOf(halves[0]), await meansOf(halves[1]));
}
