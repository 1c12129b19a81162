import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';
import { readFrozenTopics } from './closing.js';
import { forgetLeans } from './group-leans.js';
import { type Entry, readLedger, readVoterEvents, type VoterEvent } from './ledger.js';
import type { LedgerRange, Position } from './ledger-position.js';
import { hasRepeatedAnswers } from './merges.js';
import { laterOf, positionOf, readPosition } from './position.js';
import { applyAndCount, markChanged, writeRatings } from './ratings.js';
import type { RatingsCache } from './ratings-cache.js';
import type { Retries } from './retries.js';
import { weighEntries, writeWeighed } from './weigher.js';

/** How many ledger entries are read at a time. */
const BATCH = 10_000;

/**
 * A transaction ends when it has folded so many entries for each thing of its topics. Every transaction
 * writes the ratings that changed, and an import of a million votes on many things should not write them 100
 * times.
 */
const ENTRIES_PER_THING = 10;

/**
 * Folds the ledger's votes into the ratings, each exactly once: one transaction writes the new ratings and
 * the new position.
 *
 * A topic that fails does not delay the others. Folding leaves out its votes and marks the topic as stale: the
 * next fit that succeeds includes them.
 */
export class Folding {
  readonly #db: Database;
  readonly #ratings: RatingsCache;
  readonly #retries: Retries;
  /** Topics that lack votes because folding failed. */
  readonly #failedTopics = new Set<number>();

  constructor(db: Database, ratings: RatingsCache, retries: Retries) {
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

  /** Folds a topic's votes from now on. Call it after a fit, which has the votes that folding left out. */
  resume(topicId: number): void {
    this.#failedTopics.delete(topicId);
  }

  async #foldNext(): Promise<number> {
    // First a look without a lock, so that an idle site writes nothing.
    const folded = await readPosition(this.#db);
    const [next] = await readLedger(this.#db, folded, 1);
    if (!next && (await readVoterEvents(this.#db, folded)).length === 0) return 0;
    let count = 0;
    await this.#ratings.advance(async (trx, position) => {
      const batch = await this.#foldEntries(trx, position);
      const events = await readVoterEvents(trx, position, batch.mayHaveMore ? batch.position : undefined);
      if (batch.count === 0 && events.length === 0) return undefined;
      for (const topicId of batch.changed.keys())
        if (await this.#hasRepeatedAnswers(trx, topicId, { from: position, upTo: batch.position }))
          batch.stale.add(topicId);
      for (const [topicId, changed] of batch.changed)
        if (!(await this.#tryTopic(trx, topicId, () => this.#write(trx, topicId, changed))))
          batch.stale.add(topicId);
      for (const topicId of [...batch.stale, ...(await topicsOf(trx, events))])
        if (!batch.frozen.has(topicId)) await markChanged(trx, topicId, { stale: true });
      if (events.length > 0) await forgetLeans(trx, events);
      count = batch.count;
      return laterOf(batch.position, events.at(-1));
    });
    return count;
  }

  async #foldEntries(trx: Transaction, position: Position): Promise<FoldedBatch> {
    const batch: FoldedBatch = {
      count: 0,
      position,
      mayHaveMore: true,
      changed: new Map(),
      stale: new Set(),
      frozen: await readFrozenTopics(trx),
    };
    while (batch.mayHaveMore) {
      const entries = await readLedger(trx, batch.position, BATCH);
      batch.mayHaveMore = entries.length === BATCH;
      const last = entries.at(-1);
      if (!last) break;
      // Ratings must not be read again before the folded ones are written: the next transaction reads them.
      if (batch.count > 0 && !this.#ratings.hasThingsOf(entries)) {
        batch.mayHaveMore = true;
        break;
      }
      await weigh(trx, entries, batch.position);
      for (const ofTopic of byTopic(entries))
        if (!batch.frozen.has(ofTopic[0])) await this.#apply(trx, ofTopic, batch);
      batch.count += entries.length;
      batch.position = positionOf(last);
      if (batch.count >= ENTRIES_PER_THING * this.#ratings.countThings(batch.changed.keys())) break;
    }
    return batch;
  }

  async #apply(
    trx: Transaction,
    [topicId, entries]: [number, Entry[]],
    { changed, stale }: FoldedBatch,
  ): Promise<void> {
    if (entries.some(({ isWithdrawal }) => isWithdrawal)) stale.add(topicId);
    const isFolded = await this.#tryTopic(trx, topicId, async () => {
      const topic = await this.#ratings.load(trx, topicId, entries);
      const things = changed.get(topicId) ?? new Set();
      changed.set(topicId, things);
      for (const entry of entries)
        if (!entry.isWithdrawal && !entry.isExcluded) applyAndCount(topic, entry, things);
    });
    if (!isFolded) stale.add(topicId);
  }

  /** Whether new answers replace earlier ones, which the ratings then still have. */
  async #hasRepeatedAnswers(trx: Transaction, topicId: number, range: LedgerRange): Promise<boolean> {
    const topic = this.#ratings.get(topicId);
    return topic !== undefined && hasRepeatedAnswers(trx, topic, range);
  }

  async #write(trx: Transaction, topicId: number, changed: Set<number>): Promise<void> {
    const topic = this.#ratings.get(topicId);
    if (!topic || changed.size === 0) return;
    await writeRatings(trx, topic, changed);
    await markChanged(trx, topicId);
  }

  /** Does work for one topic; a failure undoes only that work. @returns whether it succeeded */
  async #tryTopic(trx: Transaction, topicId: number, work: () => Promise<void>): Promise<boolean> {
    if (this.#failedTopics.has(topicId)) return false;
    await sql`savepoint before_topic`.execute(trx);
    try {
      await work();
      await sql`release savepoint before_topic`.execute(trx);
      return true;
    } catch (error) {
      await sql`rollback to savepoint before_topic`.execute(trx);
      this.#ratings.delete(topicId);
      this.#retries.failed(topicId, error);
      this.#failedTopics.add(topicId);
      return false;
    }
  }
}

interface FoldedBatch {
  /** How many entries it has. */
  count: number;
  /** The position of its last entry, or where the batch began when it has none. */
  position: Position;
  mayHaveMore: boolean;
  /** By topic, the indexes of its things that moved. */
  changed: Map<number, Set<number>>;
  /** Topics whose ratings rest on votes that no longer count, or lack some. */
  stale: Set<number>;
  /** Topics whose results are frozen. Their votes get weights, in case the topic is reopened, and move nothing. */
  frozen: Set<number>;
}

async function weigh(trx: Transaction, entries: Entry[], before: Position): Promise<void> {
  const weighed = await weighEntries(trx, entries, before);
  await writeWeighed(trx, weighed);
  for (const entry of entries) entry.weight = weighed.weights.get(entry.id)?.weight ?? 1;
}

function byTopic(entries: Entry[]): Map<number, Entry[]> {
  const topics = new Map<number, Entry[]>();
  for (const entry of entries) {
    const ofTopic = topics.get(entry.topicId) ?? [];
    ofTopic.push(entry);
    topics.set(entry.topicId, ofTopic);
  }
  return topics;
}

// When a voter is excluded or restored, the topics for which that holds have to be fitted anew.
async function topicsOf(trx: Transaction, events: VoterEvent[]): Promise<number[]> {
  const topics = events.flatMap(({ topicId }) => topicId ?? []);
  const voters = events.flatMap(({ voterId, topicId }) => (topicId === null ? voterId : []));
  if (voters.length === 0) return topics;
  const rows = await trx
    .selectFrom('votes')
    .where('voterId', 'in', voters)
    .select('topicId')
    .distinct()
    .execute();
  return [...topics, ...rows.map(({ topicId }) => topicId)];
}
