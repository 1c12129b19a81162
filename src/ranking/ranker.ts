import { sql } from 'kysely';
import type { Database } from '../database.js';
import { type Entry, type Position, readLedger, readStandingVotes } from './ledger.js';
import { appearances, applyVote, byStrength, type Rating, unrated } from './rating.js';

/** How many ledger entries one transaction folds at most. */
const BATCH = 5_000;

interface Rated extends Rating {
  id: number;
  rank: number | undefined;
  /** Has a row in `ratings`. */
  kept: boolean;
}

type Topic = Map<number, Rated>;

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
    try {
      for (let batch = BATCH; batch === BATCH; folded += batch) batch = await this.#foldBatch();
      for (const topicId of await this.#staleTopics())
        if (!patient || this.#isDue(topicId)) await this.replay(topicId);
    } catch (error) {
      this.#topics.clear();
      throw error;
    }
    return folded;
  }

  /**
   * Recomputes one topic's ratings from the votes that stand, up to the position the ranker has reached.
   * @param told is called with the number of votes read so far
   */
  async replay(topicId: number, told: (votes: number) => void = () => undefined): Promise<void> {
    const began = Date.now();
    await this.#db.transaction().execute(async (trx) => {
      const position = await this.#lockPosition(trx);
      const topic = await this.#load(trx, topicId);
      for (const thing of topic.values()) Object.assign(thing, unrated());
      let votes = 0;
      for await (const entries of readStandingVotes(trx, topicId, position)) {
        for (const entry of entries) applyEntry(topic, entry);
        votes += entries.length;
        told(votes);
      }
      await writeRatings(trx, topicId, topic, [...topic.values()].filter(hasVotes));
      const voted = [...topic.values()].filter(hasVotes).map((thing) => thing.id);
      await trx
        .deleteFrom('ratings')
        .where('topicId', '=', topicId)
        .where(sql<boolean>`thing_id <> all (${voted}::bigint[])`)
        .execute();
      for (const thing of topic.values()) thing.kept = hasVotes(thing);
      await moveBoard(trx, topicId, { stale: false });
      await this.#writePosition(trx, position);
    });
    this.#replays.set(topicId, { ended: Date.now(), took: Date.now() - began });
  }

  /** Notes for every thing where it stood a day ago, which is what the leaderboard's arrows compare with. */
  async noteYesterday(): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await this.#lockPosition(trx);
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
    return this.#db.transaction().execute(async (trx) => {
      const position = await this.#lockPosition(trx);
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

  async #topic(trx: Database, topicId: number): Promise<Topic> {
    return this.#topics.get(topicId) ?? this.#load(trx, topicId);
  }

  async #load(trx: Database, topicId: number): Promise<Topic> {
    const { rows } = await sql<Rating & { id: number; rank: number | null; kept: boolean }>`
      select things.id, coalesce(mean, 0) as mean, coalesce(variance, 1) as variance, coalesce(wins, 0) as wins,
        coalesce(losses, 0) as losses, coalesce(ties, 0) as ties, rank, thing_id is not null as kept
      from things left join ratings on thing_id = things.id
      where things.topic_id = ${topicId} and retired_at is null`.execute(trx);
    const topic: Topic = new Map(rows.map((row) => [row.id, { ...row, rank: row.rank ?? undefined }]));
    this.#topics.set(topicId, topic);
    return topic;
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
    const known = topic.get(id) ?? { id, ...unrated(), rank: undefined, kept: false };
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

// Things whose place changed because others moved are written too, so that a row's rank is never old.
async function writeRatings(trx: Database, topicId: number, topic: Topic, touched: Rated[]): Promise<void> {
  const changed = new Set(touched);
  const order = [...topic.values()].sort(byStrength);
  for (const [index, thing] of order.entries()) {
    if (thing.rank !== index + 1 && thing.kept) changed.add(thing);
    thing.rank = index + 1;
  }
  const rows = [...changed].sort((one, other) => one.id - other.id);
  if (rows.length === 0) return;
  const column = <Value>(read: (thing: Rated) => Value): Value[] => rows.map(read);
  await sql`
    with moved as (
      insert into ratings (topic_id, thing_id, mean, variance, wins, losses, ties, rank)
      select ${topicId}::bigint, * from unnest(
        ${column((thing) => thing.id)}::bigint[], ${column((thing) => thing.mean)}::float8[],
        ${column((thing) => thing.variance)}::float8[], ${column((thing) => thing.wins)}::int[],
        ${column((thing) => thing.losses)}::int[], ${column((thing) => thing.ties)}::int[],
        ${column((thing) => thing.rank)}::int[])
      on conflict (thing_id) do update set mean = excluded.mean, variance = excluded.variance,
        wins = excluded.wins, losses = excluded.losses, ties = excluded.ties, rank = excluded.rank
      returning thing_id, mean, variance, rank)
    insert into rating_history (thing_id, at, mean, variance, rank)
    select thing_id, date_trunc('hour', now()), mean, variance, rank from moved
    on conflict (thing_id, at) do update
      set mean = excluded.mean, variance = excluded.variance, rank = excluded.rank`.execute(trx);
  for (const thing of rows) thing.kept = true;
}

async function moveBoard(trx: Database, topicId: number, { stale }: { stale?: boolean } = {}): Promise<void> {
  const staleSince =
    stale === undefined ? sql`stale_since` : stale ? sql`coalesce(stale_since, now())` : sql`null`;
  await sql`
    update boards set version = version + 1, stale_since = ${staleSince}
    where topic_id = ${topicId}`.execute(trx);
}
