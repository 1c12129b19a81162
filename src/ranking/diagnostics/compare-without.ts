import type { Database } from '../../database.js';
import { readEnd } from '../ranker/closing.js';
import type { Position } from '../ranker/ledger-position.js';
import type { RankWorkerPool } from '../ranker/rank-worker-pool.js';
import { rankedIndexes, type TopicRatings } from '../ranker/ratings.js';
import { readVoteList } from '../ranker/vote-list.js';

/** The ranks of a thing, from 1, in two fits of a topic's votes. */
export interface ComparedRank {
  thingId: number;
  /** By all votes that count. */
  rank: number;
  /** By those of all other voters. */
  rankWithout: number;
}

/**
 * Fits a topic's votes with and without some voters, and writes nothing. Votes keep the weights that they have.
 * @param options `leftOut` are voters who are in neither fit; `upTo` is a position in the ledger, by default that of the
 * ranking
 * @returns in the order of the fit with everyone, without retired things
 */
export async function compareWithout(
  db: Database,
  workers: RankWorkerPool,
  { topicId, voterIds, leftOut = [], upTo }: CompareOptions,
): Promise<ComparedRank[]> {
  const end = upTo ?? (await readEnd(db, topicId));
  const rank = async (without: ReadonlySet<number>): Promise<number[]> => {
    const { topic, list } = await readVoteList(db, topicId, { upTo: end, without });
    const { fit } = await workers.fit({ votes: list.votes, options: {}, header: undefined });
    return idsByStrength({ ...topic, means: fit.means });
  };
  const everyone = await rank(new Set(leftOut));
  const others = await rank(new Set([...leftOut, ...voterIds]));
  const ranks = new Map(others.map((id, index) => [id, index + 1]));
  return everyone.map((thingId, index) => ({
    thingId,
    rank: index + 1,
    rankWithout: ranks.get(thingId) ?? index + 1,
  }));
}

interface CompareOptions {
  topicId: number;
  voterIds: number[];
  leftOut?: number[];
  upTo?: Position;
}

const idsByStrength = (topic: TopicRatings): number[] =>
  rankedIndexes(topic).map((index) => topic.ids[index] as number);
