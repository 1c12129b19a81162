import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';
import type { Entry } from './ledger.js';
import type { Position } from './ledger-position.js';
import { readRatings, type TopicRatings } from './ratings.js';

/**
 * The ratings that a ranker has in memory, and the transactions in which it writes them.
 *
 * Each transaction first locks the row with the ranker's position. So a crash neither repeats nor skips a
 * vote, and a second ranker or a rebuild waits. The ratings in memory are valid only while the position has
 * the generation that this ranker wrote.
 */
export class RatingsCache {
  readonly #writer: Database;
  readonly #topics = new Map<number, TopicRatings>();
  #generation = -1;
  #lastRun: Promise<unknown> = Promise.resolve();

  /** @param writer the connection for all transactions, which run one after the other */
  constructor(writer: Database) {
    this.#writer = writer;
  }

  /**
   * Runs work in a transaction, and moves the position to the one that the work returns; undefined leaves it.
   * @param work gets the transaction and the position so far
   */
  advance(work: (trx: Transaction, position: Position) => Promise<Position | undefined>): Promise<void> {
    return this.runExclusive(() => this.#advance(work));
  }

  /** Waits until no transaction of this cache is open, and lets none begin before the work has ended. */
  runExclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    const run = this.#lastRun.then(work);
    this.#lastRun = run.catch(() => undefined);
    return run;
  }

  /** A topic's ratings; undefined when they are not in memory. */
  get(topicId: number): TopicRatings | undefined {
    return this.#topics.get(topicId);
  }

  /** Replaces a topic's ratings. */
  set(topic: TopicRatings): void {
    this.#topics.set(topic.topicId, topic);
  }

  /** Removes a topic's ratings, because they differ from what is stored. */
  delete(topicId: number): void {
    this.#topics.delete(topicId);
  }

  /**
   * A topic's ratings with all the things that some entries are about. It reads them again when a thing is
   * missing, because SQL of an operator adds things without changing the generation.
   */
  async load(trx: Transaction, topicId: number, entries: Entry[]): Promise<TopicRatings> {
    const cached = this.#topics.get(topicId);
    if (cached && this.hasThingsOf(entries)) return cached;
    const topic = await readRatings(trx, topicId);
    this.set(topic);
    return topic;
  }

  /** Whether all the things that some entries are about are in memory. */
  hasThingsOf(entries: Entry[]): boolean {
    return entries.every(({ topicId, leftId, rightId }) => {
      const indexes = this.#topics.get(topicId)?.indexes;
      return indexes?.has(leftId) && indexes.has(rightId);
    });
  }

  /** How many things some topics have in memory. */
  countThings(topicIds: Iterable<number>): number {
    let count = 0;
    for (const topicId of topicIds) count += this.#topics.get(topicId)?.ids.length ?? 0;
    return count;
  }

  /**
   * The topics with so many votes since their last fit that they need another: one a thing, and a tenth of
   * the fitted.
   */
  topicsToRefit(): number[] {
    return [...this.#topics.values()]
      .filter(({ ids, votes, fittedVotes }) => votes - fittedVotes >= Math.max(ids.length, fittedVotes / 10))
      .map(({ topicId }) => topicId);
  }

  async #advance(
    work: (trx: Transaction, position: Position) => Promise<Position | undefined>,
  ): Promise<void> {
    try {
      await this.#writer.transaction().execute(async (trx) => {
        const position = await work(trx, await this.#lockPosition(trx));
        if (position) await this.#writePosition(trx, position);
      });
    } catch (error) {
      // The memory may hold what the failed transaction would have written.
      this.#topics.clear();
      throw error;
    }
  }

  async #lockPosition(trx: Transaction): Promise<Position> {
    const { rows } = await sql<Position & { generation: number }>`
      select xid::text as xid, id, generation from ranker_position for update`.execute(trx);
    const [row] = rows;
    if (!row) throw new Error('the table ranker_position is empty: run the migrations again');
    if (row.generation !== this.#generation) this.#topics.clear();
    this.#generation = row.generation;
    return { xid: row.xid, id: row.id };
  }

  async #writePosition(trx: Transaction, position: Position): Promise<void> {
    this.#generation++;
    await sql`update ranker_position set xid = ${position.xid}::xid8, id = ${position.id},
      generation = ${this.#generation}`.execute(trx);
  }
}
