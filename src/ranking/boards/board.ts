import { fieldOf } from '../math/online.js';
import { Selector } from '../math/selector.js';
import { TOP } from '../math/top-threshold.js';
import { appearances, type Rating } from './rating.js';

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
  /** Its true rank lies between these, both included, in 95 of 100 cases. */
  low: number;
  high: number;
  /** The chance (0 to 1) that it truly belongs in the Top 20. */
  topChance: number;
  /** Whether it is not surely (in 4 of 5 cases) better than the one below it. */
  isLevelWithNext: boolean;
}

type Published = 'rank' | 'low' | 'high' | 'topChance' | 'isLevelWithNext';

/** A thing as it is stored: the ranker has not found out yet where a new one stands. */
export type StoredThing = Omit<Standing, Published> & { [Name in Published]: Standing[Name] | null };

/** How a topic's votes were fitted together the last time. */
export interface LastFit {
  votes: number;
  /** How far opinions lie apart: the variance of strengths before any vote. */
  spread: number;
  /** Of the votes that chose one: how many, and how many of them chose the left. */
  decided: number;
  leftWins: number;
  fittedAt: Date;
  /** Whether there is a snapshot of it, or of one before it, to download. */
  hasSnapshot: boolean;
}

/** A topic's things as they stand, strongest first, and what pairs to show are chosen by. */
export class Board {
  readonly topic: TopicCard;
  readonly version: number;
  readonly standings: readonly Standing[];
  readonly selector: Selector;
  /** Undefined until the topic's votes are fitted for the first time. */
  readonly fit: LastFit | undefined;
  /** When what it shows was read: a vote cast later is not in it. */
  readonly loadedAt: Date;
  /** The ids of the topic's things that are no longer voted on. */
  readonly retired: ReadonlySet<number>;
  /** Number of votes the board rests on. */
  readonly votes: number;
  /** How many of the shown Top 20 we expect to belong there. */
  readonly expectedRight: number;
  readonly #indexes: Map<number, number>;

  /** @param things strongest first */
  constructor(
    {
      version,
      fit,
      loadedAt,
      retired,
      ...topic
    }: TopicCard & Pick<Board, 'version' | 'fit' | 'loadedAt' | 'retired'>,
    things: StoredThing[],
  ) {
    this.topic = topic;
    this.version = version;
    this.fit = fit;
    this.loadedAt = loadedAt;
    this.retired = retired;
    this.standings = things.map((thing, index) => ({
      ...thing,
      rank: index + 1,
      low: Math.min(thing.low ?? 1, index + 1),
      high: Math.max(thing.high ?? things.length, index + 1),
      topChance: thing.topChance ?? Math.min(1, TOP / things.length),
      isLevelWithNext: thing.isLevelWithNext ?? true,
    }));
    this.selector = new Selector(
      { ...fieldOf(things), appearances: Int32Array.from(things, appearances) },
      TOP,
    );
    // Of a vote with something taken down, one half is left.
    this.votes = Math.ceil(things.reduce((sum, thing) => sum + appearances(thing), 0) / 2);
    this.expectedRight = this.standings.slice(0, TOP).reduce((sum, { topChance }) => sum + topChance, 0);
    this.#indexes = new Map(things.map((thing, index) => [thing.id, index]));
  }

  /** Number of things that can be voted on. */
  get size(): number {
    return this.standings.length;
  }

  /** How a thing stands; undefined when it is not on the board, because it was retired or is of another topic. */
  find(thingId: number): Standing | undefined {
    const index = this.indexOf(thingId);
    return index === undefined ? undefined : this.standings[index];
  }

  /** A thing's index among the standings, which is how the selector knows it. */
  indexOf(thingId: number): number | undefined {
    return this.#indexes.get(thingId);
  }
}
