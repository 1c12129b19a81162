import { randomBytes } from 'node:crypto';
import { ReplyError } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { Redis } from '../redis.js';
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
  /** In person: the things where nobody was, and until when each is left aside. */
  away?: Away[] | undefined;
  /** The ballot of the latest vote; undefined before the first. */
  latest?: string | undefined;
  /** What the latest vote was. Undefined when there is none, or when it was taken back. */
  last?: AnsweredPair | undefined;
  /** How many answers stand, without skips. */
  answers: number;
  /** How many of these were given on a day (UTC), counted from 1 January 1970. */
  today: { day: number; votes: number };
  /** Whether it must be read again from the ledger. */
  isStale?: boolean;
}

/** A thing that is left aside for a while. */
export interface Away {
  id: number;
  /** In milliseconds since 1970. */
  until: number;
}

/** A queue in Redis, with the time of its writing in milliseconds since 1970. */
type StoredQueue = Queue & { at: number };

/** Whose queue it is, and in which topic. */
interface Owner {
  voterId: number;
  topicId: number;
}

/** The current day (UTC), as in `Queue.today`: the number of days since 1 January 1970. */
export const today = (): number => Math.floor(Date.now() / (24 * 3_600_000));

/** Makes a version for a queue that has changed. */
export const newVersion = (): string => randomBytes(9).toString('base64url');

/**
 * The queues of all voters. Redis keeps each for a day. Without Redis, or while it is unavailable, this
 * process keeps them. A queue that is lost, or that a full Redis refuses, is drawn again; nothing else is lost.
 */
export class Queues {
  readonly #redis: Redis | undefined;
  readonly #prefix: string;
  /**
   * The queues that this process wrote last. They save a read from Redis while this process serves the voter.
   */
  readonly #local = new LRUCache<string, Queue>({ max: MAX_LOCAL });
  #connectedAt = Date.now();
  /** The keys of queues that Redis did not take while it was unavailable. */
  readonly #unsaved = new Set<string>();

  /** @param prefix the start of every key */
  constructor(redis: Redis | undefined, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    redis?.on('ready', () => {
      this.#connectedAt = Date.now();
      this.#local.clear();
      // Other processes must not find the queues from before.
      for (const key of this.#unsaved) redis.del(key).then(() => this.#unsaved.delete(key), ignore);
    });
  }

  /** Finds a voter's queue in a topic; undefined when there is none or it was lost. */
  async find(owner: Owner): Promise<Queue | undefined> {
    const key = this.#key(owner);
    const local = this.#local.get(key);
    if (!this.#redis) return local;
    try {
      const text = await this.#redis.get(key);
      if (text === null) return undefined;
      if (isText(text, local)) return local;
      const stored = JSON.parse(text) as StoredQueue;
      return this.#mayBeOld(stored) ? { ...stored, isStale: true } : stored;
    } catch {
      return local;
    }
  }

  /** A voter's queue as this process knew it last. Another process may have changed it since; `put` tells. */
  recall(owner: Owner): Queue | undefined {
    return this.#local.get(this.#key(owner));
  }

  /**
   * Stores a voter's queue.
   * @param before the queue that it was made from
   * @returns the queue of another process that it has replaced; undefined when there was none
   */
  async put(owner: Owner, queue: Queue, before?: Queue): Promise<Queue | undefined> {
    const key = this.#key(owner);
    const local = this.#local.get(key);
    this.#local.set(key, queue);
    const changedHere = local?.version === before?.version ? undefined : local;
    if (!this.#redis) return changedHere;
    try {
      const stored: StoredQueue = { ...queue, at: Date.now() };
      const text = await this.#redis.set(key, JSON.stringify(stored), 'EX', LIFETIME_S, 'GET');
      if (text === null || isText(text, before)) return undefined;
      const replaced = JSON.parse(text) as StoredQueue;
      return this.#mayBeOld(replaced) ? undefined : replaced;
    } catch (error) {
      // A Redis that is full still answers with the queue from before. It can delete it.
      if (error instanceof ReplyError) await this.#redis.del(key).catch(ignore);
      else this.#unsaved.add(key);
      return changedHere;
    }
  }

  /**
   * Marks a voter's queue as stale, because their votes changed in another way than by an answer to its
   * pairs. The queue is read again from the ledger before its next use. Pairs that are still open stay in it.
   */
  async markStale(owner: Owner): Promise<void> {
    const queue = await this.find(owner);
    if (queue) await this.put(owner, { ...queue, version: newVersion(), isStale: true });
  }

  // Voters go on while Redis is unavailable. It may come back with a queue that it saved long before.
  #mayBeOld({ at }: StoredQueue): boolean {
    return at < this.#connectedAt;
  }

  #key({ voterId, topicId }: Owner): string {
    return `${this.#prefix}queue:${voterId}:${topicId}`;
  }
}

const ignore = (): undefined => undefined;

/**
 * Whether Redis has this queue. The version comes first in the text, so a queue that this process knows need not be
 * parsed.
 */
const isText = (text: string, queue: Queue | undefined): boolean =>
  queue !== undefined && text.startsWith(`{"version":"${queue.version}"`);
