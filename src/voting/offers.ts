import type { Redis } from 'ioredis';
import type { Pair } from './pairs.js';

const KEPT_FOR_S = 24 * 3600;
const MOST_HERE = 10_000;

/** What a voter is shown, and what comes after that, so that its pictures are there before it is. */
export interface Offer {
  pair: Pair;
  /** Absent when no other pair is left. */
  ahead?: Pair | undefined;
}

/**
 * Which pair a voter is being shown, so that looking again shows the same one although the ranking has moved:
 * nobody gets past a pair without answering or skipping it. Kept in Redis for a day, or in this process when there
 * is none or it is away; a pair that is forgotten costs nothing but that.
 */
export class Offers {
  readonly #redis: Redis | undefined;
  readonly #prefix: string;
  readonly #here = new Map<string, Offer>();

  /** @param prefix begins every key */
  constructor(redis: Redis | undefined, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** What a voter was shown at a point, if that is still known. @param after as for `settle` */
  async find(voter: number, topicId: number, after: number): Promise<Offer | undefined> {
    const key = this.#key(voter, topicId, after);
    try {
      const text = await this.#redis?.get(key);
      return text ? (JSON.parse(text) as Offer) : this.#here.get(key);
    } catch {
      return this.#here.get(key);
    }
  }

  /**
   * What a voter was shown already at this point, or what they are to be shown from now on.
   * @param after the id of their latest vote in the topic, 0 before the first
   */
  async settle(voter: number, topicId: number, after: number, offer: Offer): Promise<Offer> {
    const key = this.#key(voter, topicId, after);
    try {
      if (!this.#redis) return this.#settleHere(key, offer);
      const text = JSON.stringify(offer);
      const before = await this.#redis.set(key, text, 'EX', KEPT_FOR_S, 'NX', 'GET');
      return before === null ? offer : (JSON.parse(before) as Offer);
    } catch {
      return this.#settleHere(key, offer);
    }
  }

  #key(voter: number, topicId: number, after: number): string {
    return `${this.#prefix}next-pair:${voter}:${topicId}:${after}`;
  }

  #settleHere(key: string, offer: Offer): Offer {
    const before = this.#here.get(key) ?? offer;
    this.#here.delete(key);
    this.#here.set(key, before);
    const [oldest] = this.#here.keys();
    if (this.#here.size > MOST_HERE && oldest !== undefined) this.#here.delete(oldest);
    return before;
  }
}
