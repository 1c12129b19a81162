import { sql } from 'kysely';
import type { Database } from '../database.js';
import { fieldOf } from './board.js';
import { Calculations } from './calculations.js';
import { withHeartbeat } from './heartbeat.js';
import { moveBoard, readRatings, strongestFirst } from './ratings.js';
import { type OnFailure, throwFailure } from './retries.js';

/** Where a thing stood at a moment. */
export interface PastPlace {
  at: Date;
  rank: number;
  /** The range of its true place, both included; null where nobody has found it out. */
  low: number | null;
  high: number | null;
}

/**
 * Where a thing stood over time, oldest first, in about 60 points at most: hour by hour while that is two days or
 * less, else the last of each day, or of every few days. What lies between two points is not read, so that a long
 * history costs no more than a short one.
 */
export async function placesOverTime(db: Database, thingId: number): Promise<PastPlace[]> {
  const { rows } = await sql<PastPlace>`
    select last.at, last.rank, last.low, last.high
    from (
      select case when until - since <= interval '2 days'
          then interval '1 hour'
          else interval '24 hours' * ceil(extract(epoch from until - since) / 86400 / ${MOST}::int)
        end as step,
        date_trunc(case when until - since <= interval '2 days' then 'hour' else 'day' end, since, 'UTC') as first,
        until
      from (select min(at) as since, max(at) as until from rating_history where thing_id = ${thingId}) as span
    ) as steps
    cross join lateral generate_series(first, until, step) as bucket
    cross join lateral (
      select at, rank, low, high from rating_history
      where thing_id = ${thingId} and at >= bucket and at < bucket + step order by at desc limit 1
    ) as last
    order by last.at`.execute(db);
  return rows;
}

const MOST = 60;

/** Keeps of the past, now and then, what the ranker does not write down with every vote. */
export class Chronicle {
  readonly #db: Database;
  readonly #calculations = new Calculations();
  /** The versions of the boards that `noteRanges` saw the last time. */
  readonly #ranged = new Map<number, number>();

  readonly #onFailure: OnFailure;

  /** @param onFailure is told of a topic that fails; unless it throws, the others go on */
  constructor(db: Database, onFailure: OnFailure = throwFailure) {
    this.#db = db;
    this.#onFailure = onFailure;
  }

  /** Notes for every thing where it stood a day ago, which is what the leaderboard's arrows compare with. */
  async noteYesterday(): Promise<void> {
    for (const { topicId } of await this.#boards()) await this.#tell(topicId, this.#noteYesterdayOf(topicId));
  }

  /**
   * Notes in the history of the topics that have moved since the last time how far each place could be trusted:
   * finding that out costs too much for every vote. Rows of more than three hours ago stay without.
   */
  async noteRanges(): Promise<void> {
    for (const { topicId, version } of await this.#boards())
      if (this.#ranged.get(topicId) !== version)
        await this.#tell(topicId, this.#noteRangesOf(topicId, version));
  }

  #boards(): Promise<{ topicId: number; version: number }[]> {
    return this.#db.selectFrom('boards').select(['topicId', 'version']).execute();
  }

  async #tell(topicId: number, work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => this.#onFailure(topicId, error));
  }

  async #noteYesterdayOf(topicId: number): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      // In turn with the rankers, who write the same rows.
      await sql`select from ranker_position for update`.execute(trx);
      const { rows } = await sql`
        update ratings set previous_rank = day_ago.rank
        from (select ranked.thing_id, past.rank
              from ratings as ranked cross join lateral (
                select rank from rating_history
                where thing_id = ranked.thing_id and at <= now() - interval '24 hours'
                order by at desc limit 1) as past
              where ranked.topic_id = ${topicId}) as day_ago
        where day_ago.thing_id = ratings.thing_id and previous_rank is distinct from day_ago.rank
        returning ratings.thing_id`.execute(trx);
      if (rows.length > 0) await moveBoard(trx, topicId);
    });
  }

  async #noteRangesOf(topicId: number, version: number): Promise<void> {
    const topic = await readRatings(this.#db, topicId);
    const order = strongestFirst(topic);
    const field = fieldOf(
      order.map((place) => ({
        mean: topic.means[place] as number,
        variance: topic.variances[place] as number,
      })),
    );
    // The same seed as the board's, so that the history shows what the page did.
    const { low, high } = await withHeartbeat(this.#db, this.#calculations.ranges(field, topicId));
    await sql`
      update rating_history set low = ranges.low, high = ranges.high
      from unnest(${order.map((place) => topic.ids[place])}::bigint[], ${[...low]}::int[], ${[...high]}::int[])
        as ranges (id, low, high)
      where thing_id = ranges.id and at > now() - interval '3 hours' and rating_history.low is null`.execute(
      this.#db,
    );
    this.#ranged.set(topicId, version);
  }
}
