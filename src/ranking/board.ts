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
  /** The things' ids, in an order that does not change with the ranking. */
  readonly ids: readonly number[];
  readonly means: Float64Array;
  readonly variances: Float64Array;
  /** Number of votes the board rests on. */
  readonly votes: number;
  readonly #places: Map<number, number>;

  constructor(topic: TopicCard, version: number, rows: Omit<Standing, 'rank'>[]) {
    this.topic = topic;
    this.version = version;
    this.standings = rows.sort(byStrength).map((row, index) => ({ ...row, rank: index + 1 }));
    this.ids = this.standings.map((standing) => standing.id).sort((one, other) => one - other);
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
