import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { type Problem, TemporaryProblem } from './problem.js';

/**
 * Reads from the database for public pages, and leaves the database free for voters however many visitors
 * there are.
 *
 * - A result is cached while its version is the newest, for a minute at most. All visitors share one read of
 *   it.
 * - Only one read runs at a time. A rest of four times its duration follows. So these reads take at most a
 *   fifth of one connection, however large the site and however slow the database.
 * - While a read runs, a cached older result is shown. Without one, the visitor waits.
 */
export class SharedReads<Key extends string | number, Result extends object> {
  readonly #versionOf: (key: Key) => unknown;
  readonly #read: (key: Key) => Promise<Result>;
  readonly #cache = new LRUCache<Key, { version: unknown; result: Result }>({
    max: MAX_CACHED,
    ttl: CACHE_MS,
  });
  readonly #pending = new Map<Key, Promise<Result>>();
  /** Resolves when the last read in the queue is done and its rest is over. */
  #queueEnd: Promise<void> = Promise.resolve();

  /**
   * @param versionOf returns the newest version of a result; versions are compared with `===`
   * @param read reads that version; it is called right after `versionOf`
   */
  constructor(versionOf: (key: Key) => unknown, read: (key: Key) => Promise<Result>) {
    this.#versionOf = versionOf;
    this.#read = read;
  }

  /**
   * Returns the newest result, or under load one that is at most a minute old.
   * @throws Problem 503 when the wait for a read is too long
   * @throws Error what the read throws
   */
  async get(key: Key): Promise<Result> {
    const cached = this.#cache.get(key);
    if (cached && this.has(key, cached.result)) return cached.result;
    const pending = this.#pending.get(key);
    if (pending) return pending;
    return cached && this.#pending.size > 0 ? cached.result : this.#enqueue(key);
  }

  /** Tells whether a result is the newest one, and less than a minute old. */
  has(key: Key, result: Result): boolean {
    const cached = this.#cache.get(key);
    return cached?.result === result && cached.version === this.#versionOf(key);
  }

  #enqueue(key: Key): Promise<Result> {
    const queuedAt = performance.now();
    let startedAt: number | undefined;
    const reading = this.#queueEnd
      .then(() => {
        if (performance.now() - queuedAt > MAX_WAIT_MS) throw busy();
        startedAt = performance.now();
        return this.#readNow(key);
      })
      .finally(() => this.#pending.delete(key));
    const rest = (): Promise<void> | undefined =>
      startedAt === undefined ? undefined : restAfter(startedAt);
    this.#pending.set(key, reading);
    this.#queueEnd = reading.then(rest, rest);
    return reading;
  }

  async #readNow(key: Key): Promise<Result> {
    const version = this.#versionOf(key);
    const result = await this.#read(key);
    this.#cache.set(key, { version, result });
    return result;
  }
}

/** A result for a thing takes about 45 kB, with its page in every encoding. */
const MAX_CACHED = 500;
const CACHE_MS = 60_000;
const MAX_WAIT_MS = 5_000;
/** The duration of the rest, as a multiple of the read. */
const REST_FACTOR = 4;
/** One slow read must not stop the others for long. */
const MAX_REST_MS = 1_000;

// The timer does not keep a process alive that is about to end.
const restAfter = (startedAt: number): Promise<void> =>
  sleep(Math.min(REST_FACTOR * (performance.now() - startedAt), MAX_REST_MS), undefined, { ref: false });

const busy = (): Problem =>
  new TemporaryProblem({
    status: 503,
    title: 'Many people are looking at this',
    message: 'Please try again in a few seconds.',
    retryAfter: 5,
  });
