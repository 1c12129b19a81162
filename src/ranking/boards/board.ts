import { fitGoal } from '../../catalog/goal.js';
import { estimatesOf } from '../math/online-update.js';
import { Selector } from '../math/selector.js';
import { TOP } from '../math/top-threshold.js';
import { type Rating, voteCount } from './rating.js';

/** The fields of a topic that pages show. */
export interface TopicSummary {
  id: number;
  slug: string;
  title: string;
  question: string;
  visibility: 'public' | 'unlisted';
  isDefault: boolean;
}

/** A thing with its rank on the board, and the fields that its card and its row show. */
export interface Standing extends Rating {
  id: number;
  name: string;
  picture: string | null;
  description: string | null;
  /** From 1, the strongest thing. */
  rank: number;
  /** Its rank yesterday; null when it was not ranked then. */
  previousRank: number | null;
  /** The true rank lies from `low` to `high`, both included, in 95 of 100 cases. */
  low: number;
  high: number;
  /** The probability (0 to 1) that it truly belongs in the Top 20. */
  topChance: number;
  /** Whether the probability that it is better than the thing below it is under 0.8. */
  isLevelWithNext: boolean;
}

type PublishedField = 'rank' | 'low' | 'high' | 'topChance' | 'isLevelWithNext';

/** A thing as the database has it. The published fields are null until the ranker has ranked it. */
export type StoredThing = Omit<Standing, PublishedField> & {
  [Field in PublishedField]: Standing[Field] | null;
};

/** The last fit of all of a topic's votes. */
export interface FitSummary {
  /** Number of votes in the fit. */
  votes: number;
  /** How far opinions lie apart: the prior variance of the strengths. */
  spread: number;
  /** Number of votes that chose one of the two things. */
  decided: number;
  /** Number of the decided votes that chose the left thing. */
  leftWins: number;
  fittedAt: Date;
  /** Whether a snapshot of this fit, or of an earlier one, can be downloaded. */
  hasSnapshot: boolean;
}

/** A topic's things in the order of the ranking, and the selector that chooses pairs to show. */
export class Board {
  readonly topic: TopicSummary;
  /** Rises with each change of the board. */
  readonly version: number;
  /** Strongest first. */
  readonly standings: readonly Standing[];
  readonly selector: Selector;
  /** Undefined until the first fit of the topic's votes. */
  readonly fit: FitSummary | undefined;
  /** When the board was read from the database. It has no vote that was cast later. */
  readonly loadedAt: Date;
  /** The ids of the topic's things that are no longer voted on. */
  readonly retired: ReadonlySet<number>;
  /** Number of votes that the board rests on. */
  readonly votes: number;
  /** Expected number of the shown Top 20 that truly belong there. */
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
    }: TopicSummary & Pick<Board, 'version' | 'fit' | 'loadedAt' | 'retired'>,
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
      { ...estimatesOf(things), appearances: Int32Array.from(things, voteCount) },
      fitGoal(TOP, things.length),
    );
    // Each vote counts for two things. Only one of them is on the board when the other one is retired.
    this.votes = Math.ceil(things.reduce((sum, thing) => sum + voteCount(thing), 0) / 2);
    this.expectedRight = this.standings.slice(0, TOP).reduce((sum, { topChance }) => sum + topChance, 0);
    this.#indexes = new Map(things.map((thing, index) => [thing.id, index]));
  }

  /** Number of things that can be voted on. */
  get size(): number {
    return this.standings.length;
  }

  /** Finds a thing's standing; undefined when the thing is retired or is in another topic. */
  find(thingId: number): Standing | undefined {
    const index = this.indexOf(thingId);
    return index === undefined ? undefined : this.standings[index];
  }

  /**
   * A thing's index in `standings`, which is also its index in the selector; undefined when it is not there.
   */
  indexOf(thingId: number): number | undefined {
    return this.#indexes.get(thingId);
  }
}
