import type { Database } from '../../database.js';
import { readTopicFigures } from '../../ranking/diagnostics/topic-figures.js';
import type { RankWorkerPool } from '../../ranking/ranker/rank-worker-pool.js';
import { ENOUGH_VOTES } from './compare.js';
import { type Judge, readJudges } from './judges.js';

/** A voter with figures of how they vote. Under ten votes, and for those who are left out, they are undefined. */
export interface PanelJudge extends Judge {
  /** Their median time for a pair, in seconds. */
  seconds: number | undefined;
  /** The share of their votes that chose the left thing, 0 to 1. */
  leftShare: number | undefined;
  /** About 1 when the answers scatter as expected, more when they differ. */
  infit: number | undefined;
  /** Whether the answers differ from the others' more than those of most voters. */
  differs: boolean;
}

/** The voters of a topic, and how far their votes can be relied on. */
export interface Panel {
  /** Those whose answers differ first, and then those with most votes. */
  judges: PanelJudge[];
  /** How well a second round of as many votes would agree, 0 to 1; undefined under ten votes a thing. */
  reliability: number | undefined;
  /** How well two halves of the voters agree, 0 to 1; undefined under ten votes a thing. */
  splitHalves: number | undefined;
}

/** Works out the panel from the votes that count now, in steps of ten. It has no single vote of anybody. */
export async function readPanel(
  { db, workers }: { db: Database; workers: RankWorkerPool },
  { topicId, secret }: { topicId: number; secret: string },
): Promise<Panel> {
  const judges = await readJudges(db, { topicId, secret });
  const { reliability, splitHalves, voters } = await readTopicFigures(db, topicId, workers);
  const known = new Map(voters.map((voter) => [voter.voterId, voter]));
  return {
    reliability,
    splitHalves,
    judges: judges
      .map((judge) => {
        const voter = known.get(judge.voterId);
        const hasEnough = (voter?.votes ?? 0) >= ENOUGH_VOTES && judge.state === 'counted';
        return {
          ...judge,
          seconds: (hasEnough && voter?.medianSeconds) || undefined,
          leftShare: hasEnough ? (voter?.leftShare ?? undefined) : undefined,
          infit: hasEnough ? voter?.infit : undefined,
          differs: hasEnough && voter?.differs === true,
        };
      })
      .sort((one, other) => Number(other.differs) - Number(one.differs) || other.votes - one.votes),
  };
}
