import { sql } from 'kysely';
import type { Logger } from 'pino';
import { DEFAULT_GOAL, parseGoal } from '../../catalog/goal.js';
import { phaseAt } from '../../catalog/phase.js';
import type { Database } from '../../database.js';
import { mergesOf } from '../ranker/merges.js';
import { Board, type FitSummary, type GoalProgress, type StoredThing, type TopicSummary } from './board.js';
import { readTrends, type Trends } from './trends.js';

const POLL_INTERVAL_MS = 500;
const TRENDS_LAST_MS = 10 * 60_000;

/** A thing as the loader reads it, with what decides whether it is on the board. */
interface LoadedThing extends StoredThing {
  isRetired: boolean;
  mergedInto: number | null;
}

/**
 * The boards of all topics, in memory. A board is loaded again after the ranker has changed it. So a pair or
 * the Top 20 costs the same with any number of votes, and works while the database is unavailable.
 */
export class Boards {
  readonly #db: Database;
  readonly #boards = new Map<string, Board>();
  #refreshing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The board of a topic by its slug; undefined when there is no such topic, or it was deleted. */
  get(slug: string): Board | undefined {
    return this.#boards.get(slug);
  }

  /** The board of a topic by its slug, or the default board without a slug; undefined when there is no such topic. */
  find(slug: string | undefined): Board | undefined {
    return slug === undefined ? this.default() : this.get(slug);
  }

  /**
   * The board whose pages are `/vote` and `/top`. It is that of the default topic, or another one while the
   * default topic has no things.
   * @throws Error before the first refresh
   */
  default(): Board {
    const all = [...this.#boards.values()];
    const board = all.find(({ topic }) => topic.isDefault);
    if (!board) throw new Error('the boards are not loaded yet');
    return board.size === 0 ? (this.listed().find(({ size }) => size > 0) ?? board) : board;
  }

  /** The board of a topic by its id; undefined when there is no such topic. */
  byTopic(topicId: number): Board | undefined {
    for (const board of this.#boards.values()) if (board.topic.id === topicId) return board;
    return undefined;
  }

  /** The boards of all public topics that have opened and that no admin has hidden, sorted by title. */
  listed(): Board[] {
    return [...this.#boards.values()]
      .filter(({ topic }) => topic.access === 'public' && !topic.hiddenAt && phaseAt(topic) !== 'draft')
      .sort((one, other) => one.topic.title.localeCompare(other.topic.title));
  }

  /** The board of a thing's topic, retired things included; undefined when there is no such thing. */
  byThing(thingId: number): Board | undefined {
    for (const board of this.#boards.values())
      if (board.indexOf(thingId) !== undefined || board.retired.has(thingId)) return board;
    return undefined;
  }

  /**
   * Loads the boards that have changed since they were last loaded, with all that was changed before this call. Calls
   * at the same time share one load.
   */
  refresh(): Promise<void> {
    if (!this.#refreshing) return this.#startLoad();
    // The load under way may have read a topic before it was changed.
    this.#next ??= this.#refreshing
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#refreshing ?? this.#startLoad();
      });
    return this.#next;
  }

  #startLoad(): Promise<void> {
    this.#refreshing = this.#load().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /**
   * Refreshes every half second until `stopPolling`. While the database is unavailable the boards stay as
   * they are.
   */
  startPolling(log: Logger): void {
    const schedule = (): void => {
      this.#timer = setTimeout(async () => {
        await this.refresh().catch((error: unknown) =>
          log.warn({ err: error }, 'the boards are not refreshed'),
        );
        if (this.#timer) schedule();
      }, POLL_INTERVAL_MS);
      this.#timer.unref();
    };
    schedule();
  }

  /** Ends `startPolling`. */
  stopPolling(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #load(): Promise<void> {
    const topics = await this.#db
      .selectFrom('topics')
      .innerJoin('boards', 'boards.topicId', 'topics.id')
      .where('deletedAt', 'is', null)
      .select(['id', 'slug', 'title', 'question', 'access', 'isDefault', 'goal', 'version', 'expectedShare'])
      .select(['phase', 'results', 'opensAt', 'closesAt', 'timeZone', 'votesEach'])
      .select(['takesSuggestions', 'notes', 'embedOrigins', 'code', 'hiddenAt'])
      .execute();
    for (const { version, expectedShare, ...stored } of topics) {
      const topic = { ...stored, goal: parseGoal(stored.goal) ?? DEFAULT_GOAL };
      const known = this.#boards.get(topic.slug);
      if (known?.version === version && isSameTopic(known.topic, topic)) continue;
      const loadedAt = new Date();
      const [fit, progress, all, trends] = await Promise.all([
        this.#readFit(topic.id),
        this.#readProgress(topic.id),
        this.#readThings(topic.id),
        this.#readTrends(topic.id, known),
      ]);
      const retired = new Set(all.filter(({ isRetired }) => isRetired).map(({ id }) => id));
      const things = all.filter(({ isRetired }) => !isRetired);
      const merges = mergesOf(all);
      const state = { version, fit, loadedAt, retired, merges, progress, trends, expectedShare };
      this.#boards.set(topic.slug, new Board({ ...topic, ...state }, things));
    }
    const slugs = new Set(topics.map((topic) => topic.slug));
    for (const slug of this.#boards.keys()) if (!slugs.has(slug)) this.#boards.delete(slug);
  }

  async #readFit(topicId: number): Promise<FitSummary | undefined> {
    return this.#db
      .selectFrom('fits')
      .where('topicId', '=', topicId)
      .select(['votes', 'spread', 'decided', 'leftWins', 'fittedAt'])
      .select(({ exists, selectFrom }) =>
        exists(selectFrom('snapshots').where('topicId', '=', topicId).select('id'))
          .$castTo<boolean>()
          .as('hasSnapshot'),
      )
      .executeTakeFirst();
  }

  async #readProgress(topicId: number): Promise<GoalProgress[]> {
    return this.#db
      .selectFrom('goalProgress')
      .where('topicId', '=', topicId)
      .select(['votes', 'expectedShare'])
      .orderBy('votes')
      .execute();
  }

  // They change so slowly that a board may have them from some minutes before.
  async #readTrends(topicId: number, known: Board | undefined): Promise<Trends> {
    const isFresh = known && Date.now() - known.trends.readAt.getTime() < TRENDS_LAST_MS;
    return isFresh ? known.trends : readTrends(this.#db, topicId);
  }

  async #readThings(topicId: number): Promise<LoadedThing[]> {
    // The plugin that renames columns would copy each of many rows.
    const { rows } = await sql<LoadedThing>`
      select things.id, name, picture, description, text is not null as "hasText", coalesce(mean, 0) as mean,
        coalesce(variance, spread, 1) as variance, coalesce(wins, 0) as wins, coalesce(losses, 0) as losses,
        coalesce(ties, 0) as ties, rank, low, high, top_chance as "topChance",
        is_level_with_next as "isLevelWithNext", previous_rank as "previousRank", retired_at is not null as "isRetired",
        merged_into as "mergedInto"
      from things left join ratings on ratings.thing_id = things.id left join standings on standings.thing_id = things.id
        left join fits on fits.topic_id = things.topic_id
      where things.topic_id = ${topicId}
      order by rank nulls last, things.id`.execute(this.#db.withoutPlugins());
    return rows;
  }
}

function isSameTopic(one: TopicSummary, other: TopicSummary): boolean {
  return (Object.keys(one) as (keyof TopicSummary)[]).every(
    (key) => comparable(one[key]) === comparable(other[key]),
  );
}

const comparable = (value: TopicSummary[keyof TopicSummary]): unknown =>
  value instanceof Date ? value.getTime() : Array.isArray(value) ? value.join(' ') : value;
