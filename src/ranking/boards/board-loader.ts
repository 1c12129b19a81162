import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../../database.js';
import { Board, type LastFit, type Standing, type StoredThing, type TopicCard } from './board.js';

/**
 * Every topic's board, kept in memory and loaded again when the ranker has moved it, so that showing a pair or
 * the Top 20 costs the same however many votes there are, and works while the database is away.
 */
export class Boards {
  readonly #db: Database;
  readonly #boards = new Map<string, Board>();
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The board of a topic, by its slug; undefined when there is no such topic. */
  get(slug: string): Board | undefined {
    return this.#boards.get(slug);
  }

  /**
   * The board whose pages are `/vote` and `/top`: the default topic's, or another as long as there is nothing in that.
   * @throws Error before the first refresh
   */
  default(): Board {
    const all = [...this.#boards.values()];
    const board = all.find(({ topic }) => topic.isDefault);
    if (!board) throw new Error('the boards are not loaded yet');
    return board.size === 0 ? (this.listed().find(({ size }) => size > 0) ?? board) : board;
  }

  /** The board of a topic, by its id. */
  byTopic(topicId: number): Board | undefined {
    for (const board of this.#boards.values()) if (board.topic.id === topicId) return board;
    return undefined;
  }

  /** The boards of all topics that are listed, by title. */
  listed(): Board[] {
    return [...this.#boards.values()]
      .filter((board) => board.topic.visibility === 'public')
      .sort((one, other) => one.topic.title.localeCompare(other.topic.title));
  }

  /** The board of a thing's topic, also when the thing was retired; undefined when there is no such thing. */
  ofThing(thingId: number): Board | undefined {
    for (const board of this.#boards.values())
      if (board.indexOf(thingId) !== undefined || board.retired.has(thingId)) return board;
    return undefined;
  }

  /** Where a thing stands, whichever topic it is of. */
  findThing(thingId: number): { board: Board; standing: Standing } | undefined {
    for (const board of this.#boards.values()) {
      const standing = board.find(thingId);
      if (standing) return { board, standing };
    }
    return undefined;
  }

  /** Loads the boards that have moved since they were last loaded. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#load().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Refreshes now and then until `stop`; a database that is away leaves the boards as they were. */
  follow(log: Logger, everyMs = 500): void {
    const again = (): void => {
      this.#timer = setTimeout(async () => {
        await this.refresh().catch((error: unknown) =>
          log.warn({ err: error }, 'the boards are not refreshed'),
        );
        if (this.#timer) again();
      }, everyMs);
      this.#timer.unref();
    };
    again();
  }

  /** Ends `follow`. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #load(): Promise<void> {
    const topics = await this.#db
      .selectFrom('topics')
      .innerJoin('boards', 'boards.topicId', 'topics.id')
      .select(['id', 'slug', 'title', 'question', 'visibility', 'isDefault', 'version'])
      .execute();
    for (const { version, ...topic } of topics) {
      const known = this.#boards.get(topic.slug);
      if (known?.version === version && sameTopic(known.topic, topic)) continue;
      const loadedAt = new Date();
      const [fit, all] = await Promise.all([this.#fit(topic.id), this.#things(topic.id)]);
      const retired = new Set(all.filter(({ isRetired }) => isRetired).map(({ id }) => id));
      const things = all.filter(({ isRetired }) => !isRetired);
      this.#boards.set(topic.slug, new Board({ ...topic, version, fit, loadedAt, retired }, things));
    }
    const slugs = new Set(topics.map((topic) => topic.slug));
    for (const slug of this.#boards.keys()) if (!slugs.has(slug)) this.#boards.delete(slug);
  }

  async #fit(topicId: number): Promise<LastFit | undefined> {
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

  async #things(topicId: number): Promise<(StoredThing & { isRetired: boolean })[]> {
    // Without the plugin that renames columns, which leaves each of many rows behind as garbage.
    const { rows } = await sql<StoredThing & { isRetired: boolean }>`
      select things.id, name, picture, description, coalesce(mean, 0) as mean,
        coalesce(variance, spread, 1) as variance, coalesce(wins, 0) as wins, coalesce(losses, 0) as losses,
        coalesce(ties, 0) as ties, rank, low, high, top_chance as "topChance",
        is_level_with_next as "isLevelWithNext", previous_rank as "previousRank", retired_at is not null as "isRetired"
      from things left join ratings on ratings.thing_id = things.id left join standings on standings.thing_id = things.id
        left join fits on fits.topic_id = things.topic_id
      where things.topic_id = ${topicId}
      order by rank nulls last, things.id`.execute(this.#db.withoutPlugins());
    return rows;
  }
}

function sameTopic(one: TopicCard, other: TopicCard): boolean {
  return (Object.keys(one) as (keyof TopicCard)[]).every((key) => one[key] === other[key]);
}
