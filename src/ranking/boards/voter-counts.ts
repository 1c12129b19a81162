import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { SharedReads } from '../../http/shared-reads.js';
import { isExcluded } from '../ranker/ledger.js';

/** How many people have voted in each topic. All visitors share one read of it, at most a minute old. */
export class VoterCounts {
  readonly #reads: SharedReads<'all', Map<number, number>>;

  constructor(db: Database) {
    // It has one version, so only its age makes a new read.
    this.#reads = new SharedReads(
      () => 1,
      () => readVoterCounts(db),
    );
  }

  /** Returns the number of voters by the id of their topic. Those who only skipped, or were left out, do not count. */
  byTopic(): Promise<Map<number, number>> {
    return this.#reads.get('all');
  }
}

async function readVoterCounts(db: Database): Promise<Map<number, number>> {
  const { rows } = await sql<{ topicId: number; voters: number }>`
    select topic_id, count(*) as voters from topic_voters
    where votes > skips and not ${isExcluded('topic_voters')} group by topic_id`.execute(db);
  return new Map(rows.map(({ topicId, voters }) => [topicId, voters]));
}
