import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { type Entry, type Position, readLedger, readVoterEvents } from './ledger.js';
import { laterOf, positionOf, readPosition } from './position.js';
import { applyCounted, noteChange, writeRatings } from './ratings.js';
import type { RatingsInMemory } from './ratings-in-memory.js';
import type { Retries } from './retries.js';
import { weighEntries, writeWeighed } from './weigher.js';

/** How many ledger entries are read at a time. */
const BATCH = 10_000;

/**
 * How many entries a thing one transaction folds at most. Each transaction writes the ratings that moved: an import of
 * a million votes on many things should not cause that 200 times.
 */
const ENTRIES_A_THING = 10;

/**
 * Folds the ledger's votes into the ratings, each exactly once: the new ratings and the position reached are one
 * transaction.
 *
 * A topic that fails holds up no other. Votes that can't be folded are passed over and their topic is marked as stale:
 * the next fit that succeeds brings them in.
 */
export class Folding {
  readonly #db: Database;
  readonly #ratings: RatingsInMemory;
  readonly #retries: Retries;
  /** Topics with votes that were passed over. */
  readonly #passedOver = new Set<number>();

  constructor(db: Database, ratings: RatingsInMemory, retries: Retries) {
    this.#db = db;
    this.#ratings = ratings;
    this.#retries = retries;
  }

  /** Folds everything that is in the ledger. @returns how many entries there were */
  async foldAll(): Promise<number> {
    let folded = 0;
    for (let batch = BATCH; batch >= BATCH; folded += batch) batch = await this.#foldNext();
    return folded;
  }

  /** Notes that all votes of a topic were brought in by a fit. */
  broughtIn(topicId: number): void {
    this.#passedOver.delete(topicId);
  }

  async #foldNext(): Promise<number> {
    // A look without a lock first: an idle site writes nothing.
    const reached = await readPosition(this.#db);
    const [news] = await readLedger(this.#db, reached, 1);
    if (!news && (await readVoterEvents(this.#db, reached)).length === 0) return 0;
    let folded = 0;
    await this.#ratings.takeTurn(async (trx, position) => {
      const batch = await this.#foldEntries(trx, position);
      const events = await readVoterEvents(trx, position, batch.isMore ? batch.reached : undefined);
      if (batch.folded === 0 && events.length === 0) return undefined;
      for (const [topicId, things] of batch.touched)
        if (!(await this.#tryFor(trx, topicId, () => this.#write(trx, topicId, things))))
          batch.stale.add(topicId);
      for (const topicId of [...batch.stale, ...(await topicsOf(trx, events))])
        await noteChange(trx, topicId, { stale: true });
      folded = batch.folded;
      return laterOf(batch.reached, events.at(-1));
    });
    return folded;
  }

  async #foldEntries(trx: Database, position: Position): Promise<FoldedEntries> {
    const batch: FoldedEntries = {
      folded: 0,
      reached: position,
      isMore: true,
      touched: new Map(),
      stale: new Set(),
    };
    while (batch.isMore) {
      const entries = await readLedger(trx, batch.reached, BATCH);
      batch.isMore = entries.length === BATCH;
      const last = entries.at(-1);
      if (!last) break;
      // What has to be read again must not be before what is folded is written: that comes with the next transaction.
      if (batch.folded > 0 && !this.#ratings.hasThingsOf(entries)) {
        batch.isMore = true;
        break;
      }
      await weigh(trx, entries);
      for (const [topicId, own] of byTopic(entries)) await this.#apply(trx, topicId, own, batch);
      batch.folded += entries.length;
      batch.reached = positionOf(last);
      if (batch.folded >= ENTRIES_A_THING * this.#ratings.sizeOf(batch.touched.keys())) break;
    }
    return batch;
  }

  async #apply(
    trx: Database,
    topicId: number,
    entries: Entry[],
    { touched, stale }: FoldedEntries,
  ): Promise<void> {
    if (entries.some(({ isWithdrawal }) => isWithdrawal)) stale.add(topicId);
    const isFolded = await this.#tryFor(trx, topicId, async () => {
      const topic = await this.#ratings.load(trx, topicId, entries);
      const things = touched.get(topicId) ?? new Set();
      touched.set(topicId, things);
      for (const entry of entries)
        if (!entry.isWithdrawal && !entry.isExcluded) applyCounted(topic, entry, things);
    });
    if (!isFolded) stale.add(topicId);
  }

  async #write(trx: Database, topicId: number, things: Set<number>): Promise<void> {
    const topic = this.#ratings.get(topicId);
    if (!topic || things.size === 0) return;
    await writeRatings(trx, topicId, topic, things);
    await noteChange(trx, topicId);
  }

  // A failure of one topic undoes what was done for it, and nothing else.
  async #tryFor(trx: Database, topicId: number, work: () => Promise<void>): Promise<boolean> {
    if (this.#passedOver.has(topicId)) return false;
    await sql`savepoint before_topic`.execute(trx);
    try {
      await work();
      await sql`release savepoint before_topic`.execute(trx);
      return true;
    } catch (error) {
      await sql`rollback to savepoint before_topic`.execute(trx);
      this.#ratings.delete(topicId);
      this.#retries.failed(topicId, error);
      this.#passedOver.add(topicId);
      return false;
    }
  }
}

interface FoldedEntries {
  folded: number;
  reached: Position;
  /** Whether there may be more behind `reached`. */
  isMore: boolean;
  /** By topic, which of its things moved. */
  touched: Map<number, Set<number>>;
  /** Topics whose ratings rest on votes that no longer count, or lack some. */
  stale: Set<number>;
}

async function weigh(trx: Database, entries: Entry[]): Promise<void> {
  const weighed = await weighEntries(trx, entries);
  await writeWeighed(trx, weighed);
  for (const entry of entries) entry.weight = weighed.weights.get(entry.id)?.weight ?? 1;
}

// To leave a voter out, or to let them count again, all votes of their topics are fitted anew.
async function topicsOf(trx: Database, events: { voterId: number }[]): Promise<number[]> {
  if (events.length === 0) return [];
  const voters = events.map(({ voterId }) => voterId);
  const rows = await trx
    .selectFrom('votes')
    .where('voterId', 'in', voters)
    .select('topicId')
    .distinct()
    .execute();
  return rows.map(({ topicId }) => topicId);
}

function byTopic(entries: Entry[]): Map<number, Entry[]> {
  const topics = new Map<number, Entry[]>();
  for (const entry of entries) {
    const own = topics.get(entry.topicId) ?? [];
    own.push(entry);
    topics.set(entry.topicId, own);
  }
  return topics;
}
