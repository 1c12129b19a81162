import { sql } from 'kysely';
import type { Database } from '../database.js';
import { Calculations } from './calculations.js';
import { type Fitted, lostVotes, takeOver, writeFit } from './fits.js';
import { GatheredVotes } from './gathered.js';
import { withHeartbeat } from './heartbeat.js';
import { type Entry, type Position, readLedger, readStandingVotes, readVoterEvents } from './ledger.js';
import {
  applyEntry,
  dropRatings,
  hasVotes,
  moveBoard,
  readRatings,
  type TopicRatings,
  writeRatings,
} from './ratings.js';
import { type OnFailure, Retries, throwFailure } from './retries.js';
import { weighEntries, writeWeighed } from './weigher.js';

/** How many ledger entries are read at a time. */
const BATCH = 5_000;

/**
 * How many entries a thing one transaction folds at most. Each transaction writes the ranks that moved, which after
 * many votes are nearly all of the topic's: an import of a million votes should not cause that 200 times.
 */
const ENTRIES_A_THING = 10;

/**
 * Folds the ledger's votes into the ratings, each exactly once, and now and then fits all of a topic's votes anew.
 *
 * The new ratings and the position reached are one transaction, which first locks the position's row: a crash
 * repeats and skips nothing, and a second ranker or a rebuild waits its turn. What is kept in memory between
 * folds is believed only while the position still carries the generation this ranker wrote.
 *
 * A topic that fails holds up no other. Votes that can't be folded are passed over and their topic is marked as stale:
 * the next fit that succeeds brings them in.
 */
export class Ranker {
  readonly #db: Database;
  readonly #calculations = new Calculations();
  readonly #topics = new Map<number, TopicRatings>();
  readonly #refits = new Map<number, { ended: number; took: number }>();
  readonly #retries: Retries;
  /** Topics with votes that were passed over. */
  readonly #passedOver = new Set<number>();
  #generation = -1;

  /** @param onFailure is told of a topic that fails; unless it throws, the others go on and that one is tried again */
  constructor(db: Database, onFailure: OnFailure = throwFailure) {
    this.#db = db;
    this.#retries = new Retries(onFailure);
  }

  /**
   * Folds everything that is in the ledger, and fits the topics anew in which votes were withdrawn or so many were
   * added that it tells: a vote a thing, or a tenth of those fitted before, whichever is more.
   * @param patient leave a topic that was fitted at length, or failed, a moment ago for a later call
   * @returns how many entries were folded
   */
  async fold({ patient = false } = {}): Promise<number> {
    let folded = 0;
    for (let batch = BATCH; batch >= BATCH; folded += batch) batch = await this.#foldBatch();
    const due = [...(await this.#staleTopics()), ...this.#grownTopics(), ...this.#retries.topics()];
    for (const topicId of new Set(due)) if (!patient || this.#isDue(topicId)) await this.#tryRefit(topicId);
    return folded;
  }

  /**
   * Fits one topic's ratings to all of its votes that stand at this moment. Votes that arrive meanwhile are folded
   * in as ever, and applied to the fit as it takes their place.
   * @param told is called with the number of votes read so far
   */
  async refit(topicId: number, told: (votes: number) => void = () => undefined): Promise<void> {
    const fitted = await this.fit(topicId, told);
    const { upTo } = fitted;
    await this.#inTurn(async (trx, position) => {
      const topic = takeOver(await readRatings(trx, topicId), fitted);
      this.#topics.set(topicId, topic);
      for await (const entries of readStandingVotes(trx, topicId, { from: upTo, upTo: position }))
        for (const entry of entries) applyEntry(topic, entry, new Set());
      const voted = [...topic.ids.keys()].filter((place) => hasVotes(topic, place));
      await writeRatings(trx, topicId, topic, voted);
      await dropRatings(trx, topic);
      await writeFit(trx, topicId, fitted);
      await moveBoard(trx, topicId, { stale: await lostVotes(trx, topicId, upTo, position) });
      await this.#writePosition(trx, position);
    });
    this.#passedOver.delete(topicId);
    this.#retries.succeeded(topicId);
  }

  /**
   * Computes the fit of one topic's votes that stand at the position the ranker has reached, and writes nothing.
   * @param told is called with the number of votes read so far
   */
  async fit(topicId: number, told: (votes: number) => void = () => undefined): Promise<Fitted> {
    const upTo = await readPosition(this.#db);
    // Read after the position, so that no vote up to it is about a thing that is not among them.
    const topic = await readRatings(this.#db, topicId);
    for (const counts of [topic.wins, topic.losses, topic.ties]) counts.fill(0);
    topic.votes = 0;
    const votes = new GatheredVotes(topic);
    for await (const entries of readStandingVotes(this.#db, topicId, { upTo })) {
      for (const entry of entries) votes.add(entry);
      told(votes.count);
    }
    const fit = await withHeartbeat(this.#db, this.#calculations.fit(votes.take()));
    return { fit, topic, upTo, ...votes.sides };
  }

  /** Fits the topics anew that have had votes since their last fit, a day ago or longer. */
  async refitDaily(): Promise<void> {
    const { rows } = await sql<{ topicId: number }>`
      select topic_id from fits where fitted_at <= now() - interval '24 hours' and exists (
        select from votes where votes.topic_id = fits.topic_id and (votes.xid, votes.id) > (fits.xid, fits.id))
      order by fitted_at`.execute(this.#db);
    for (const { topicId } of rows) if (this.#isDue(topicId)) await this.#tryRefit(topicId);
  }

  async #foldBatch(): Promise<number> {
    // A look without a lock first: an idle site writes nothing.
    const reached = await readPosition(this.#db);
    const [news] = await readLedger(this.#db, reached, 1);
    if (!news && (await readVoterEvents(this.#db, reached)).length === 0) return 0;
    return this.#inTurn(async (trx, position) => {
      const touched = new Map<number, Set<number>>();
      const stale = new Set<number>();
      let folded = 0;
      let reached = position;
      let isMore = true;
      while (isMore) {
        const entries = await readLedger(trx, reached, BATCH);
        isMore = entries.length === BATCH;
        const last = entries.at(-1);
        if (!last) break;
        // What has to be read again must not be before what is folded is written: that comes with the next call.
        if (folded > 0 && !this.#knowsThingsOf(entries)) {
          isMore = true;
          break;
        }
        await this.#weigh(trx, entries);
        for (const [topicId, own] of byTopic(entries)) {
          if (own.some(({ isWithdrawal }) => isWithdrawal)) stale.add(topicId);
          const isFolded = await this.#tryFor(trx, topicId, async () =>
            applyAll(await this.#topicWith(trx, topicId, own), own, setOf(touched, topicId)),
          );
          if (!isFolded) stale.add(topicId);
        }
        folded += entries.length;
        reached = positionOf(last);
        if (folded >= ENTRIES_A_THING * this.#sizeOf(touched.keys())) break;
      }
      const events = await readVoterEvents(trx, position, isMore ? reached : undefined);
      if (folded === 0 && events.length === 0) return 0;
      for (const [topicId, things] of touched)
        if (!(await this.#tryFor(trx, topicId, () => this.#write(trx, topicId, things)))) stale.add(topicId);
      for (const topicId of [...stale, ...(await topicsOf(trx, events))])
        await moveBoard(trx, topicId, { stale: true });
      await this.#writePosition(trx, laterOf(reached, events.at(-1)));
      return folded;
    });
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
      this.#topics.delete(topicId);
      this.#retries.failed(topicId, error);
      this.#passedOver.add(topicId);
      return false;
    }
  }

  async #write(trx: Database, topicId: number, things: Set<number>): Promise<void> {
    const topic = this.#topics.get(topicId);
    if (!topic || things.size === 0) return;
    await writeRatings(trx, topicId, topic, things);
    await moveBoard(trx, topicId);
  }

  async #tryRefit(topicId: number): Promise<void> {
    const began = Date.now();
    try {
      await this.refit(topicId);
    } catch (error) {
      this.#retries.failed(topicId, error);
    }
    this.#refits.set(topicId, { ended: Date.now(), took: Date.now() - began });
  }

  // Memory that ran ahead of a transaction which then failed is not to be believed.
  async #inTurn<Result>(work: (trx: Database, position: Position) => Promise<Result>): Promise<Result> {
    try {
      return await this.#db.transaction().execute(async (trx) => work(trx, await this.#lockPosition(trx)));
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

  // Whoever adds things announces it, but an operator's SQL may not: then they are read again.
  async #topicWith(trx: Database, topicId: number, entries: Entry[]): Promise<TopicRatings> {
    const known = this.#topics.get(topicId);
    const hasAll = entries.every(
      ({ leftId, rightId }) => known?.places.has(leftId) && known.places.has(rightId),
    );
    const topic = known && hasAll ? known : await readRatings(trx, topicId);
    this.#topics.set(topicId, topic);
    return topic;
  }

  async #weigh(trx: Database, entries: Entry[]): Promise<void> {
    const weighed = await weighEntries(trx, entries);
    await writeWeighed(trx, weighed);
    for (const entry of entries) entry.weight = weighed.weights.get(entry.id)?.weight ?? 1;
  }

  #knowsThingsOf(entries: Entry[]): boolean {
    return entries.every(({ topicId, leftId, rightId }) => {
      const places = this.#topics.get(topicId)?.places;
      return places?.has(leftId) && places.has(rightId);
    });
  }

  #sizeOf(topicIds: Iterable<number>): number {
    let size = 0;
    for (const topicId of topicIds) size += this.#topics.get(topicId)?.ids.length ?? 0;
    return size;
  }

  async #staleTopics(): Promise<number[]> {
    const rows = await this.#db
      .selectFrom('boards')
      .select('topicId')
      .where('staleSince', 'is not', null)
      .orderBy('staleSince')
      .execute();
    return rows.map((row) => row.topicId);
  }

  #grownTopics(): number[] {
    return [...this.#topics]
      .filter(([, { ids, votes, fitted }]) => votes - fitted >= Math.max(ids.length, fitted / 10))
      .map(([topicId]) => topicId);
  }

  // A long fit is not repeated for each of many withdrawals: it gets a tenth of the ranker's time at most.
  #isDue(topicId: number): boolean {
    if (this.#retries.isPaused(topicId)) return false;
    const refit = this.#refits.get(topicId);
    return !refit || Date.now() - refit.ended >= 10 * refit.took;
  }
}

type Place = Pick<Entry, 'xidText' | 'id'>;

const positionOf = ({ xidText, id }: Place): Position => ({ xid: xidText, id });

function laterOf(reached: Position, event: Place | undefined): Position {
  if (!event) return reached;
  const [xid, eventXid] = [BigInt(reached.xid), BigInt(event.xidText)];
  return xid > eventXid || (xid === eventXid && reached.id > event.id) ? reached : positionOf(event);
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

/** Where the ranker has got to in the ledger. */
export async function readPosition(db: Database): Promise<Position> {
  const { rows } = await sql<Position>`select xid::text as xid, id from ranker_position`.execute(db);
  return rows[0] ?? { xid: '0', id: 0 };
}

/**
 * Makes every process load a topic's board again, and the ranker its things: for whoever adds or changes them.
 * @param trx the transaction of that change
 */
export async function announceThings(trx: Database, topicId: number): Promise<void> {
  await sql`update ranker_position set generation = generation + 1`.execute(trx);
  await moveBoard(trx, topicId);
}

function setOf(sets: Map<number, Set<number>>, key: number): Set<number> {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set);
  return set;
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

function applyAll(topic: TopicRatings, entries: Entry[], touched: Set<number>): void {
  for (const entry of entries) if (!entry.isWithdrawal) applyEntry(topic, entry, touched);
}
