import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Entry, Position } from './ledger.js';
import { readRatings, type TopicRatings } from './ratings.js';

/**
 * The ratings that a ranker keeps in memory, and its turn to write them.
 *
 * A turn is one transaction, which first locks the position's row: a crash repeats and skips nothing, and a second
 * ranker or a rebuild waits its turn. What is kept in memory is believed only while the position still carries the
 * generation that this ranker wrote.
 */
export class RatingsInMemory {
  readonly #writer: Database;
  readonly #topics = new Map<number, TopicRatings>();
  #generation = -1;
  #lastTurn: Promise<unknown> = Promise.resolve();

  /** @param writer the connection that all turns use, one after the other */
  constructor(writer: Database) {
    this.#writer = writer;
  }

  /**
   * Does some work in the ranker's turn, and moves the position to what it returns; undefined leaves it.
   * @param work gets the transaction and the position reached so far
   */
  takeTurn(work: (trx: Database, position: Position) => Promise<Position | undefined>): Promise<void> {
    return this.exclusively(() => this.#takeTurn(work));
  }

  /** Waits until no turn is under way, and keeps others from beginning meanwhile. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  /** A topic's ratings; undefined when they are not in memory. */
  get(topicId: number): TopicRatings | undefined {
    return this.#topics.get(topicId);
  }

  /** Keeps a topic's ratings. */
  set(topicId: number, topic: TopicRatings): void {
    this.#topics.set(topicId, topic);
  }

  /** Forgets a topic's ratings, because they are not what is stored. */
  delete(topicId: number): void {
    this.#topics.delete(topicId);
  }

  /**
   * A topic's ratings, with all the things that some entries are about. Things that are added are announced, but
   * not by an operator's SQL: then they are read again.
   */
  async load(trx: Database, topicId: number, entries: Entry[]): Promise<TopicRatings> {
    const known = this.#topics.get(topicId);
    if (known && this.hasThingsOf(entries)) return known;
    const topic = await readRatings(trx, topicId);
    this.#topics.set(topicId, topic);
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
  sizeOf(topicIds: Iterable<number>): number {
    let size = 0;
    for (const topicId of topicIds) size += this.#topics.get(topicId)?.ids.length ?? 0;
    return size;
  }

  /** The topics that have had so many votes since their last fit that another is worth it. */
  grownTopics(): number[] {
    return [...this.#topics]
      .filter(([, { ids, votes, fitted }]) => votes - fitted >= Math.max(ids.length, fitted / 10))
      .map(([topicId]) => topicId);
  }

  // Memory that ran ahead of a transaction which then failed is not to be believed.
  async #takeTurn(work: (trx: Database, position: Position) => Promise<Position | undefined>): Promise<void> {
    try {
      await this.#writer.transaction().execute(async (trx) => {
        const reached = await work(trx, await this.#lockPosition(trx));
        if (reached) await this.#writePosition(trx, reached);
      });
    } catch (error) {
      this.#topics.clear();
      throw error;
    }
  }

  async #lockPosition(trx: Database): Promise<Position> {
    const { rows } = await sql<Position & { generation: number }>`
      select xid::text as xid, id, generation from ranker_position for update`.execute(trx);
    const [row] = rows;
    if (!row) throw new Error('the table ranker_position is empty: run the migrations again');
    if (row.generation !== this.#generation) this.#topics.clear();
    this.#generation = row.generation;
    return { xid: row.xid, id: row.id };
  }

  async #writePosition(trx: Database, position: Position): Promise<void> {
    this.#generation++;
    await sql`update ranker_position set xid = ${position.xid}::xid8, id = ${position.id},
      generation = ${this.#generation}`.execute(trx);
  }
}
