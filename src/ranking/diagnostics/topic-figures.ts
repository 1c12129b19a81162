import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { graphOf, type Votes } from '../math/graph.js';
import { flaggedOf, infitOf } from '../math/infit.js';
import { reliabilityOf } from '../math/reliability.js';
import { splitByVoter, splitHalfReliability } from '../math/split-halves.js';
import { estimateNu } from '../math/ties.js';
import { isExcluded } from '../ranker/ledger.js';
import { LEDGER_START, type Position, positionSql } from '../ranker/ledger-position.js';
import type { RankWorkerPool } from '../ranker/rank-worker-pool.js';
import { rankedIndexes } from '../ranker/ratings.js';
import { readVoteList } from '../ranker/vote-list.js';
import { findLastStep } from './steps.js';

/** How people have voted in a topic, for those who organise it. */
export interface TopicFigures extends VotingHabits {
  /** About the correlation with a second round of as many votes, 0 to 1; undefined under ten votes a thing. */
  reliability: number | undefined;
  /** How well two halves of the voters agree, as the reliability of the whole; undefined where that is. */
  splitHalves: number | undefined;
  voters: VoterFigures[];
  /** The ids of the things about which the votes differ most. */
  disputed: number[];
}

/** How the votes of one or all voters came about. Imported votes are left out. */
interface VotingHabits {
  /** Votes without skips. */
  votes: number;
  /** The share of votes that chose the left thing, of those that chose one, 0 to 1; null without such votes. */
  leftShare: number | null;
  /** The median time from showing a pair to its answer, in seconds; null without votes. */
  medianSeconds: number | null;
}

/** A voter's figures. */
export interface VoterFigures extends VotingHabits {
  voterId: number;
  /** About 1 when the answers scatter as expected, more when they differ; undefined under ten votes. */
  infit: number | undefined;
  /** Whether the answers differ from the others' more than those of most voters. It never means that somebody cheats. */
  differs: boolean;
}

/**
 * Works out a topic's figures from the votes that count now, in steps of ten, and from its present ratings.
 * @param workers fit two halves of the voters; without them, these are not compared
 */
export async function readTopicFigures(
  db: Database,
  topicId: number,
  workers?: RankWorkerPool,
): Promise<TopicFigures> {
  const upTo = (await findLastStep(db, topicId))?.upTo ?? LEDGER_START;
  const { topic, list } = await readVoteList(db, topicId, { upTo });
  const nu = estimateNu(graphOf(list.votes), topic.means.map(Math.exp));
  const infit = infitOf(list.votes, { means: topic.means, nu });
  const differing = new Set(flaggedOf(infit.voters).map((number) => list.voterIds[number]));
  const infits = new Map(list.voterIds.map((id, number) => [id, infit.voters[number]]));
  const ranked = rankedIndexes(topic);
  const select = (values: Float64Array): Float64Array =>
    Float64Array.from(ranked, (index) => values[index] as number);
  const { means, variances } = topic;
  const reliability = reliabilityOf({ means: select(means), variances: select(variances) }, topic.votes);
  return {
    ...((await readHabits(db, topicId, upTo)) ?? { votes: 0, leftShare: null, medianSeconds: null }),
    reliability,
    splitHalves:
      workers && reliability !== undefined ? await compareHalves(workers, list.votes, select) : undefined,
    voters: (await readHabitsOfVoters(db, topicId, upTo)).map((habits) => ({
      ...habits,
      infit: toNumber(infits.get(habits.voterId)),
      differs: differing.has(habits.voterId),
    })),
    disputed: flaggedOf(infit.things).map((index) => topic.ids[index] as number),
  };
}

async function compareHalves(
  workers: RankWorkerPool,
  votes: Votes,
  select: (values: Float64Array) => Float64Array,
): Promise<number | undefined> {
  const halves = splitByVoter(votes);
  if (!halves) return undefined;
  const strengthsOf = async (half: Votes): Promise<Float64Array> =>
    select((await workers.fit({ votes: half, options: {}, header: undefined })).fit.means);
  return splitHalfReliability(await strengthsOf(halves[0]), await strengthsOf(halves[1]));
}

const toNumber = (infit: number | undefined): number | undefined => (Number.isNaN(infit) ? undefined : infit);

const HABITS = sql`count(*)::int as votes,
  (count(*) filter (where outcome = 'left'))::float8 / nullif(count(*) filter (where outcome <> 'tie'), 0) as left_share,
  percentile_cont(0.5) within group (order by extract(epoch from created_at - shown_at)::float8) as median_seconds`;

const upToSql = (topicId: number, upTo: Position) => sql`topic_id = ${topicId} and not provisional
  and withdrawn_at is null and (votes.xid, votes.id) <= ${positionSql(upTo)} and outcome <> 'skip'
  and strategy <> 'import' and not ${isExcluded('votes')}`;

async function readHabits(db: Database, topicId: number, upTo: Position): Promise<VotingHabits | undefined> {
  const { rows } = await sql<VotingHabits>`
    select ${HABITS} from votes where ${upToSql(topicId, upTo)}`.execute(db);
  return rows[0];
}

async function readHabitsOfVoters(
  db: Database,
  topicId: number,
  upTo: Position,
): Promise<(VotingHabits & { voterId: number })[]> {
  const { rows } = await sql<VotingHabits & { voterId: number }>`
    select voter_id, ${HABITS} from votes where ${upToSql(topicId, upTo)}
    group by voter_id order by votes desc, voter_id`.execute(db);
  return rows;
}
