import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { RecentPair } from '../schema.js';
import type { Pair } from './pairs.js';
import type { AnsweredPair } from './words.js';

const LIFETIME_S = 24 * 3600;
const MAX_LOCAL = 10_000;

/** The next pairs of a voter in a topic, and what is needed to add more. */
export interface Queue {
  /** Changes with each change of the queue. */
  version: string;
  /**
   * The pair that is shown and the one after it, and one more after an undo. Empty when every pair is
   * answered.
   */
  pairs: Pair[];
  /** The voter's last pairs, oldest first. The ranker weighs the next vote by them. */
  recent: RecentPair[];
  /** Ids of the things that the voter does not know. */
  unknown: number[];
  /** The ballot of the latest vote; undefined before the first. */
  latest?: string | undefined;
  /** What the latest vote was. Undefined when there is none, or when it was taken back. */
  last?: AnsweredPair | undefined;
  /** How many answers stand, without skips. */
  answers: number;
  /** How many of these were given on a day (UTC). */
  today: { day: string; votes: number };
  /** Whether it must be read again from the ledger. */
  isStale?: boolean;
}

/** A queue in Redis, with the time of its writing in milliseconds since 1970. */
type StoredQueue = Queue & { at: number };

/** The current day (UTC), as in `Queue.today`: 2026-01-31. */
export const today = (): string => new Date().toISOString().slice(0, 10);

/** Makes a version for a queue that has changed. */
export const newVersion = (): string => randomBytes(9).toString('base64url');

/**
 * The queues of all voters. Redis keeps each for a day. Without Redis, or while it is unavailable, this
 * process keeps them. A lost queue is drawn again; nothing else is lost.
 */
export class Queues {
  readonly #redis: Redis | undefined;
  readonly #prefix: string;
  /**
   * The queues that this process wrote last. They save a read from Redis while this process serves the voter.
   */
  readonly #local = new LRUCache<string, Queue>({ max: MAX_LOCAL });
  #connectedAt = Date.now();

  /** @param prefix the start of every key */
  constructor(redis: Redis | undefined, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    redis?.on('ready', () => {
      this.#connectedAt = Date.now();
      this.#local.clear();
    });
  }

  /** Finds a voter's queue in a topic; undefined when there is none or it was lost. */
  async find(voterId: number, topicId: number): Promise<Queue | undefined> {
    const key = this.#key(voterId, topicId);
    if (!this.#redis) return this.#local.get(key);
    try {
      const text = await this.#redis.get(key);
      if (text === null) return undefined;
      const stored = JSON.parse(text) as StoredQueue;
      return this.#mayBeOld(stored) ? { ...stored, isStale: true } : stored;
    } catch {
      return this.#local.get(key);
    }
  }

  /** A voter's queue as this process knew it last. Another process may have changed it since; `put` tells. */
  recall(voterId: number, topicId: number): Queue | undefined {
    return this.#local.get(this.#key(voterId, topicId));
  }

  /**
   * Stores a voter's queue.
   * @returns the queue that was stored before; undefined when there was none
   */
  async put(voterId: number, topicId: number, queue: Queue): Promise<Queue | undefined> {
    const key = this.#key(voterId, topicId);
    const before = this.#local.get(key);
    this.#local.set(key, queue);
    if (!this.#redis) return before;
    try {
      const stored: StoredQueue = { ...queue, at: Date.now() };
      const text = await this.#redis.set(key, JSON.stringify(stored), 'EX', LIFETIME_S, 'GET');
      const replaced = text === null ? undefined : (JSON.parse(text) as StoredQueue);
      return replaced && !this.#mayBeOld(replaced) ? replaced : undefined;
    } catch {
      return before;
    }
  }

  /**
   * Marks a voter's queue as stale, because their votes changed in another way than by an answer to its
   * pairs. The queue is read again from the ledger before its next use. Pairs that are still open stay in it.
   */
  async markStale(voterId: number, topicId: number): Promise<void> {
    const queue = await this.find(voterId, topicId);
    if (queue) await this.put(voterId, topicId, { ...queue, version: newVersion(), isStale: true });
  }

  // Voters go on while Redis is unavailable. It may come back with a queue that it saved long before.
  #mayBeOld({ at }: StoredQueue): boolean {
    return at < this.#connectedAt;
  }

  #key(voterId: number, topicId: number): string {
    return `${this.#prefix}queue:${voterId}:${topicId}`;
  }
}
