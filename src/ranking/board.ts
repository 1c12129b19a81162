import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../database.js';
import { appearances, byStrength, type Rating } from './rating.js';

/** What a page needs to know of a topic. */
export interface TopicCard {
  id: number;
  slug: string;
  title: string;
  question: string;
  visibility: 'public' | 'unlisted';
  isDefault: boolean;
}

/** One thing with all that its picture card and its row on the leaderboard show. */
export interface Standing extends Rating {
  id: number;
  name: string;
  picture: string | null;
  description: string | null;
  rank: number;
  previousRank: number | null;
}

/** A topic's things as they stand, strongest first, with their numbers in typed arrays for choosing pairs. */
export class Board {
  readonly topic: TopicCard;
  readonly version: number;
  readonly standings: readonly Standing[];
  readonly means: Float64Array;
  readonly variances: Float64Array;
  /** Number of votes the board rests on. */
  readonly votes: number;
  readonly #places: Map<number, number>;

  constructor(topic: TopicCard, version: number, rows: Omit<Standing, 'rank'>[]) {
    this.topic = topic;
    this.version = version;
    this.standings = rows.sort(byStrength).map((row, index) => ({ ...row, rank: index + 1 }));
    this.means = Float64Array.from(this.standings, (standing) => standing.mean);
    this.variances = Float64Array.from(this.standings, (standing) => standing.variance);
    this.votes = this.standings.reduce((sum, standing) => sum + appearances(standing), 0) / 2;
    this.#places = new Map(this.standings.map((standing, index) => [standing.id, index]));
  }

  /** Number of things that can be voted on. */
  get size(): number {
    return this.standings.length;
  }

  /** How a thing stands; undefined when it is not on the board, because it was retired or is of another topic. */
  find(thingId: number): Standing | undefined {
    const place = this.#places.get(thingId);
    return place === undefined ? undefined : this.standings[place];
  }
}

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

  /** The board whose pages are `/vote` and `/top`. @throws Error before the first refresh */
  default(): Board {
    for (const board of this.#boards.values()) if (board.topic.isDefault) return board;
    throw new Error('the boards are not loaded yet');
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
      this.#boards.set(topic.slug, new Board(topic, version, await this.#standings(topic.id)));
    }
    const slugs = new Set(topics.map((topic) => topic.slug));
    for (const slug of this.#boards.keys()) if (!slugs.has(slug)) this.#boards.delete(slug);
  }

  async #standings(topicId: number): Promise<Omit<Standing, 'rank'>[]> {
    const { rows } = await sql<Omit<Standing, 'rank'>>`
      select things.id, name, picture, description, coalesce(mean, 0) as mean, coalesce(variance, 1) as variance,
        coalesce(wins, 0) as wins, coalesce(losses, 0) as losses, coalesce(ties, 0) as ties, previous_rank
      from things left join ratings on thing_id = things.id
      where things.topic_id = ${topicId} and retired_at is null`.execute(this.#db);
    return rows;
  }
}

function sameTopic(one: TopicCard, other: TopicCard): boolean {
  return (Object.keys(one) as (keyof TopicCard)[]).every((key) => one[key] === other[key]);
}
