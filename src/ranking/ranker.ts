import { sql } from 'kysely';
import type { Database } from '../database.js';
import { type Entry, type Position, readLedger, readStandingVotes } from './ledger.js';
import { appearances, applyVote, unrated } from './rating.js';
import { dropRatings, moveBoard, type Rated, readRatings, type Topic, writeRatings } from './ratings.js';

/** How many ledger entries one transaction folds at most. */
const BATCH = 5_000;

/**
 * Folds the ledger's votes into the ratings, each exactly once.
 *
 * The new ratings and the position reached are one transaction, which first locks the position's row: a crash
 * repeats and skips nothing, and a second ranker or a rebuild waits its turn. What is kept in memory between
 * folds is believed only while the position still carries the generation this ranker wrote.
 */
export class Ranker {
  readonly #db: Database;
  readonly #topics = new Map<number, Topic>();
  readonly #replays = new Map<number, { ended: number; took: number }>();
  #generation = -1;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Folds everything that is in the ledger, and replays the topics in which votes were withdrawn.
   * @param patient leave a topic that was replayed at length a moment ago for a later call
   * @returns how many entries were folded
   */
  async fold({ patient = false } = {}): Promise<number> {
    let folded = 0;
    for (let batch = BATCH; batch === BATCH; folded += batch) batch = await this.#foldBatch();
    for (const topicId of await this.#staleTopics())
      if (!patient || this.#isDue(topicId)) await this.replay(topicId);
    return folded;
  }

  /**
   * Recomputes one topic's ratings from the votes that stand, up to the position the ranker has reached.
   * @param told is called with the number of votes read so far
   */
  async replay(topicId: number, told: (votes: number) => void = () => undefined): Promise<void> {
    const began = Date.now();
    await this.#inTurn(async (trx, position) => {
      const topic = await readRatings(trx, topicId);
      this.#topics.set(topicId, topic);
      for (const thing of topic.values()) Object.assign(thing, unrated());
      let votes = 0;
      for await (const entries of readStandingVotes(trx, topicId, position)) {
        for (const entry of entries) applyEntry(topic, entry);
        votes += entries.length;
        told(votes);
      }
      const voted = [...topic.values()].filter(hasVotes);
      await writeRatings(trx, topicId, topic, voted);
      await dropRatings(trx, topicId, voted);
      for (const thing of topic.values()) thing.kept = hasVotes(thing);
      await moveBoard(trx, topicId, { stale: false });
      await this.#writePosition(trx, position);
    });
    this.#replays.set(topicId, { ended: Date.now(), took: Date.now() - began });
  }

  /** Notes for every thing where it stood a day ago, which is what the leaderboard's arrows compare with. */
  async noteYesterday(): Promise<void> {
    await this.#inTurn(async (trx) => {
      const { rows } = await sql<{ topicId: number }>`
        update ratings set previous_rank = day_ago.rank
        from (select distinct on (thing_id) thing_id, rank from rating_history
              where at <= now() - interval '24 hours' order by thing_id, at desc) as day_ago
        where day_ago.thing_id = ratings.thing_id and previous_rank is distinct from day_ago.rank
        returning topic_id`.execute(trx);
      for (const topicId of new Set(rows.map((row) => row.topicId))) await moveBoard(trx, topicId);
    });
  }

  async #foldBatch(): Promise<number> {
    // A look without a lock first: an idle site writes nothing.
    const [news] = await readLedger(this.#db, await readPosition(this.#db), 1);
    if (!news) return 0;
    return this.#inTurn(async (trx, position) => {
      const entries = await readLedger(trx, position, BATCH);
      const last = entries.at(-1);
      if (!last) return 0;
      const touched = new Map<number, Set<Rated>>();
      const stale = new Set<number>();
      for (const entry of entries) {
        const topic = await this.#topic(trx, entry.topicId);
        if (entry.withdrawal) stale.add(entry.topicId);
        else addAll(touched, entry.topicId, applyEntry(topic, entry));
      }
      for (const [topicId, things] of touched) {
        await writeRatings(trx, topicId, await this.#topic(trx, topicId), [...things]);
        await moveBoard(trx, topicId);
      }
      for (const topicId of stale) await moveBoard(trx, topicId, { stale: true });
      await this.#writePosition(trx, { xid: last.xidText, id: last.id });
      return entries.length;
    });
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
    await sql`set local statement_timeout = 0`.execute(trx);
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

  async #topic(trx: Database, topicId: number): Promise<Topic> {
    const known = this.#topics.get(topicId) ?? (await readRatings(trx, topicId));
    this.#topics.set(topicId, known);
    return known;
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

  // A long replay is not repeated for each of many withdrawals: it gets a tenth of the ranker's time at most.
  #isDue(topicId: number): boolean {
    const replay = this.#replays.get(topicId);
    return !replay || Date.now() - replay.ended >= 10 * replay.took;
  }
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

const hasVotes = (thing: Rated): boolean => appearances(thing) > 0;

function applyEntry(topic: Topic, entry: Entry): Rated[] {
  if (entry.outcome === 'skip') return [];
  const [left, right] = [entry.leftId, entry.rightId].map((id) => {
    const known = topic.get(id) ?? { id, ...unrated(), rank: undefined, kept: false, retired: false };
    topic.set(id, known);
    return known;
  }) as [Rated, Rated];
  applyVote(left, right, entry.outcome, entry.weight);
  return [left, right];
}

function addAll(sets: Map<number, Set<Rated>>, key: number, members: Rated[]): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set);
  for (const member of members) set.add(member);
}
