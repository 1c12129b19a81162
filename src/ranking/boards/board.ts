import type { Selectable } from 'kysely';
import { fitGoal, type Goal } from '../../catalog/goal.js';
import { thingsPath } from '../../catalog/topics.js';
import type { TopicsTable } from '../../schema.js';
import { estimatesOf } from '../math/online-update.js';
import { Selector } from '../math/selector.js';
import type { Merges } from '../ranker/merges.js';
import { type Rating, voteCount } from './rating.js';
import type { Trends } from './trends.js';

/** The fields of a topic that pages show. Its phase is as it was set: `phaseAt` of catalog/phase.ts tells the one of now. */
export interface TopicSummary
  extends Pick<
    Selectable<TopicsTable>,
    | 'id'
    | 'slug'
    | 'title'
    | 'question'
    | 'access'
    | 'phase'
    | 'results'
    | 'opensAt'
    | 'closesAt'
    | 'timeZone'
    | 'votesEach'
    | 'takesSuggestions'
    | 'notes'
    | 'embedOrigins'
    | 'hiddenAt'
    | 'code'
    | 'isDefault'
  > {
  /** What its votes should settle, as it was chosen. `Board.goal` is the one that fits its things. */
  goal: Goal;
}

/** A thing with its rank on the board, and the fields that its card and its row show. */
export interface Standing extends Rating {
  id: number;
  name: string;
  /** The address of its page. */
  path: string;
  picture: string | null;
  description: string | null;
  /** Whether it has a text to read. */
  hasText: boolean;
  /** From 1, the strongest thing. */
  rank: number;
  /** Its rank yesterday; null when it was not ranked then. */
  previousRank: number | null;
  /** The true rank lies from `low` to `high`, both included, in 95 of 100 cases. */
  low: number;
  high: number;
  /** The probability (0 to 1) that it truly belongs in the ranks of the board's goal. */
  topChance: number;
  /** Whether the probability that it is better than the thing below it is under 0.8. */
  isLevelWithNext: boolean;
}

type PublishedField = 'rank' | 'low' | 'high' | 'topChance' | 'isLevelWithNext';

/** A thing as the database has it. The published fields are null until the ranker has ranked it. */
export type StoredThing = Omit<Standing, PublishedField | 'path'> & {
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

/** How far a topic had come towards its goal after some votes. */
export interface GoalProgress {
  votes: number;
  /** The share of the goal that was expected to be right, from 0 to 1. */
  expectedShare: number;
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
  /** The retired things whose votes count for another thing. */
  readonly merges: Merges;
  /** How the ranks of the leading things moved in the past days. */
  readonly trends: Trends;
  /** Number of votes that the board rests on. */
  readonly votes: number;
  /** What the votes should settle: the topic's goal, or a smaller one when it has few things. */
  readonly goal: Goal;
  /** The share of the goal that is expected to be right, from 0 to 1. */
  readonly expectedShare: number;
  /** How that share has changed with the votes, fewest votes first. */
  readonly progress: readonly GoalProgress[];
  readonly #indexes: Map<number, number>;

  /** @param things strongest first */
  constructor(
    {
      version,
      fit,
      loadedAt,
      retired,
      merges,
      progress,
      trends,
      expectedShare,
      ...topic
    }: TopicSummary &
      Pick<Board, 'version' | 'fit' | 'loadedAt' | 'retired' | 'merges' | 'progress' | 'trends'> & {
        expectedShare: number | null;
      },
    things: StoredThing[],
  ) {
    this.topic = topic;
    this.version = version;
    this.fit = fit;
    this.loadedAt = loadedAt;
    this.retired = retired;
    this.merges = merges;
    this.progress = progress;
    this.trends = trends;
    this.goal = fitGoal(topic.goal, things.length);
    // Before anything is known, each thing has the same chance, and each order of two is a coin flip.
    const chance = this.goal === 'order' ? 0.5 : Math.min(1, this.goal / things.length);
    this.expectedShare = expectedShare ?? chance;
    this.standings = things.map((thing, index) => ({
      ...thing,
      path: `${thingsPath(topic)}/${thing.id}`,
      rank: index + 1,
      low: Math.min(thing.low ?? 1, index + 1),
      high: Math.max(thing.high ?? things.length, index + 1),
      topChance: thing.topChance ?? chance,
      isLevelWithNext: thing.isLevelWithNext ?? true,
    }));
    this.selector = new Selector(
      { ...estimatesOf(things), appearances: Int32Array.from(things, voteCount) },
      this.goal,
    );
    // Each vote counts for two things. Only one of them is on the board when the other one is retired.
    this.votes = Math.ceil(things.reduce((sum, thing) => sum + voteCount(thing), 0) / 2);
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
