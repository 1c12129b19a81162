import type { Database } from '../../database.js';
import { compareWithout } from '../../ranking/diagnostics/compare-without.js';
import type { RankWorkerPool } from '../../ranking/ranker/rank-worker-pool.js';
import type { Suspect, Suspects } from './suspects.js';

/** A rank, and the things on it with some voters and without them. */
export interface ComparedRow {
  rank: number;
  with: ComparedThing;
  without: ComparedThing;
}

/** A thing in a comparison. */
interface ComparedThing {
  name: string;
  /** Whether these voters push it. */
  isPushed: boolean;
}

/** The ranking with some voters and without them. */
export interface Comparison {
  /** The first ranks, and those of the thing that is pushed. */
  rows: ComparedRow[];
  /** The ranks of that thing. */
  rank: number;
  rankWithout: number;
}

/** The most votes of a topic that a page fits twice. It takes about a second. */
const MAX_VOTES = 200_000;
const SHOWN_RANKS = 10;

/**
 * Fits a topic with and without some voters. Those who are set apart already are in neither fit.
 * @returns undefined for a topic with so many votes that only a command compares them
 */
export async function compareSuspects(
  db: Database,
  workers: RankWorkerPool,
  { suspects: { topicId, thingId }, voters }: { suspects: Suspects; voters: Suspect[] },
): Promise<Comparison | undefined> {
  const { votes } = await db
    .selectFrom('topicVoters')
    .where('topicId', '=', topicId)
    .select(({ fn, val }) => fn.coalesce(fn.sum<number>('votes'), val(0)).as('votes'))
    .executeTakeFirstOrThrow();
  if (Number(votes) > MAX_VOTES) return undefined;
  const voterIds = voters.map(({ voterId }) => voterId);
  const ranks = await compareWithout(db, workers, { topicId, voterIds });
  const names = await readNames(db, topicId);
  const thing = (id: number | undefined): ComparedThing => ({
    name: names.get(id ?? 0) ?? '',
    isPushed: id === thingId,
  });
  const without = new Map(ranks.map(({ thingId: id, rankWithout }) => [rankWithout, id]));
  const pushed = ranks.find((row) => row.thingId === thingId);
  const { rank = 0, rankWithout = 0 } = pushed ?? {};
  return {
    ...{ rank, rankWithout },
    rows: ranks
      .filter((row) => row.rank <= SHOWN_RANKS || row.rank === rank || row.rank === rankWithout)
      .map((row) => ({ rank: row.rank, with: thing(row.thingId), without: thing(without.get(row.rank)) })),
  };
}

async function readNames(db: Database, topicId: number): Promise<Map<number, string>> {
  const rows = await db.selectFrom('things').where('topicId', '=', topicId).select(['id', 'name']).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
