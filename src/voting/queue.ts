import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { RecentPair } from '../schema.js';
import type { Pair } from './pairs.js';

const KEPT_FOR_S = 24 * 3600;
const MOST_HERE = 10_000;

/** What a voter is shown next in a topic, and what is needed to go on from there. */
export interface Queue {
  /** Another one after each change. */
  version: string;
  /** The pair they see, and the one after it; after an undo one more. Empty when they have answered every pair. */
  pairs: Pair[];
  /** Their last pairs, oldest first, as the ranker weighs their next vote by. */
  recent: RecentPair[];
  /** Things that they say they don't know. */
  unknown: number[];
  /** The ballot of their latest vote; undefined before the first. */
  latest?: string | undefined;
  /** How many of their answers stand, skips left out. */
  answers: number;
  /** How many of these are of a day (UTC). */
  today: { day: string; votes: number };
  /** Whether it is to be read anew from the ledger. */
  isStale?: boolean;
}

/** A queue as Redis has it, and when it was put there, in milliseconds since 1970. */
type KeptQueue = Queue & { at: number };

/** The day it is (UTC), as `Queue.today` names it. */
export const today = (): string => new Date().toISOString().slice(0, 10);

/** A version for a queue that has changed. */
export const newVersion = (): string => randomBytes(9).toString('base64url');

/**
 * The queues of all voters, in Redis for a day, or in this process where there is no Redis or it is away. One that is
 * lost is drawn again and costs nothing else.
 */
export class Queues {
  readonly #redis: Redis | undefined;
  readonly #prefix: string;
  /** The queues that this process wrote last: they save the way to Redis while the same process serves a voter. */
  readonly #here = new LRUCache<string, Queue>({ max: MOST_HERE });
  #connectedAt = Date.now();

  /** @param prefix begins every key */
  constructor(redis: Redis | undefined, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    redis?.on('ready', () => {
      this.#connectedAt = Date.now();
      this.#here.clear();
    });
  }

  /** A voter's queue in a topic; undefined when it is lost, or was never there. */
  async find(voter: number, topicId: number): Promise<Queue | undefined> {
    const key = this.#key(voter, topicId);
    if (!this.#redis) return this.#here.get(key);
    try {
      const text = await this.#redis.get(key);
      if (text === null) return undefined;
      const kept = JSON.parse(text) as KeptQueue;
      return this.#mayBeOld(kept) ? { ...kept, isStale: true } : kept;
    } catch {
      return this.#here.get(key);
    }
  }

  /** A voter's queue as this process knew it last: another process may have changed it since, which `put` tells. */
  recall(voter: number, topicId: number): Queue | undefined {
    return this.#here.get(this.#key(voter, topicId));
  }

  /**
   * Keeps a voter's queue.
   * @returns the one that was there before; undefined when there was none
   */
  async put(voter: number, topicId: number, queue: Queue): Promise<Queue | undefined> {
    const key = this.#key(voter, topicId);
    const before = this.#here.get(key);
    this.#here.set(key, queue);
    if (!this.#redis) return before;
    try {
      const now: KeptQueue = { ...queue, at: Date.now() };
      const text = await this.#redis.set(key, JSON.stringify(now), 'EX', KEPT_FOR_S, 'GET');
      const kept = text === null ? undefined : (JSON.parse(text) as KeptQueue);
      return kept && !this.#mayBeOld(kept) ? kept : undefined;
    } catch {
      return before;
    }
  }

  /**
   * Notes that a voter's votes have changed in another way than by answering what the queue shows: before it is shown
   * again, it is read anew from the ledger. The pairs that are still open stay.
   */
  async markStale(voter: number, topicId: number): Promise<void> {
    const queue = await this.find(voter, topicId);
    if (queue) await this.put(voter, topicId, { ...queue, version: newVersion(), isStale: true });
  }

  // While Redis is away voters go on without it, and it may come back with what it had saved long before.
  #mayBeOld({ at }: KeptQueue): boolean {
    return at < this.#connectedAt;
  }

  #key(voter: number, topicId: number): string {
    return `${this.#prefix}queue:${voter}:${topicId}`;
  }
}
