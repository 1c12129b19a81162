import type { Intervals } from '../rating/intervals.js';
import type { Field } from '../rating/online.js';
import { Selector } from '../rating/selector.js';
import { TOP } from './calculations.js';
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

/** A thing with its rating, before it is known where it stands. */
export interface RatedThing extends Rating {
  id: number;
  name: string;
  picture: string | null;
  description: string | null;
  previousRank: number | null;
}

/** One thing with all that its picture card and its row on the leaderboard show. */
export interface Standing extends RatedThing {
  rank: number;
  /** Its true place lies between these, both included, in 95 of 100 cases. */
  low: number;
  high: number;
  /** The chance (0 to 1) that it truly belongs in the Top 20. */
  topChance: number;
  /** Whether it is not surely (in 4 of 5 cases) better than the one below it. */
  isLevelWithNext: boolean;
}

/** How a topic's votes were fitted together the last time. */
export interface LastFit {
  votes: number;
  /** How far opinions lie apart: the variance of strengths before any vote. */
  spread: number;
  /** Of the votes that chose one: how many, and how many of them chose the left. */
  decided: number;
  leftWins: number;
  fittedAt: Date;
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
  readonly #places: Map<number, number>;

  /**
   * @param things strongest first
   * @param ranges where each of them may truly stand, in the same order
   */
  constructor(
    {
      version,
      fit,
      loadedAt,
      retired,
      ...topic
    }: TopicCard & Pick<Board, 'version' | 'fit' | 'loadedAt' | 'retired'>,
    things: RatedThing[],
    ranges: Intervals,
  ) {
    this.topic = topic;
    this.version = version;
    this.fit = fit;
    this.loadedAt = loadedAt;
    this.retired = retired;
    this.standings = things.map((thing, place) => ({
      ...thing,
      rank: place + 1,
      low: ranges.low[place] ?? 1,
      high: ranges.high[place] ?? things.length,
      topChance: ranges.topChance[place] ?? 0,
      isLevelWithNext: ranges.level[place] === 1,
    }));
    this.selector = new Selector(
      { ...fieldOf(things), appearances: Int32Array.from(things, appearances) },
      TOP,
    );
    // Of a vote with something taken down, one half is left.
    this.votes = Math.ceil(things.reduce((sum, thing) => sum + appearances(thing), 0) / 2);
    this.expectedRight = ranges.expectedRight;
    this.#places = new Map(things.map((thing, place) => [thing.id, place]));
  }

  /** Number of things that can be voted on. */
  get size(): number {
    return this.standings.length;
  }

  /** How a thing stands; undefined when it is not on the board, because it was retired or is of another topic. */
  find(thingId: number): Standing | undefined {
    const place = this.placeOf(thingId);
    return place === undefined ? undefined : this.standings[place];
  }

  /** A thing's place among the standings, from 0, which is how the selector knows it. */
  placeOf(thingId: number): number | undefined {
    return this.#places.get(thingId);
  }
}

/** The beliefs about things, as the mathematics takes them. */
export const fieldOf = (things: Pick<Rating, 'mean' | 'variance'>[]): Field => ({
  means: Float64Array.from(things, (thing) => thing.mean),
  variances: Float64Array.from(things, (thing) => thing.variance),
});
