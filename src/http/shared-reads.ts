import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { Problem } from './problem.js';

/**
 * Reads from the database for pages that anyone may open, so that no number of visitors takes it from the voters.
 *
 * - A result is kept while its version is the newest, and for a minute at most. All who ask for it share one read.
 * - There is one read at a time. After it comes a rest of four times as long: these reads take a fifth of one
 *   connection at most, however large the site and however slow the database is.
 * - While a read is under way, an older result that is kept is shown as it is. Without one, a visitor waits.
 */
export class SharedReads<Key extends string | number, Result extends object> {
  readonly #versionOf: (key: Key) => unknown;
  readonly #read: (key: Key) => Promise<Result>;
  readonly #kept = new LRUCache<Key, { version: unknown; result: Result }>({ max: MOST_KEPT, ttl: KEPT_MS });
  readonly #underWay = new Map<Key, Promise<Result>>();
  /** Resolves when the read that was asked for last is done and its rest is over. */
  #free: Promise<void> = Promise.resolve();

  /**
   * @param versionOf names the newest version of what is read; compared with `===`
   * @param read reads that version; it is called right after `versionOf`
   */
  constructor(versionOf: (key: Key) => unknown, read: (key: Key) => Promise<Result>) {
    this.#versionOf = versionOf;
    this.#read = read;
  }

  /**
   * The newest result, or under load one that is at most a minute old.
   * @throws Problem 503 when the wait for a read is too long
   * @throws Error what the read throws
   */
  async get(key: Key): Promise<Result> {
    const kept = this.#kept.get(key);
    if (kept && this.has(key, kept.result)) return kept.result;
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    return kept && this.#underWay.size > 0 ? kept.result : this.#enqueue(key);
  }

  /** Whether a result is the newest one, and not a minute old yet. */
  has(key: Key, result: Result): boolean {
    const kept = this.#kept.get(key);
    return kept?.result === result && kept.version === this.#versionOf(key);
  }

  #enqueue(key: Key): Promise<Result> {
    const asked = performance.now();
    let began: number | undefined;
    const reading = this.#free
      .then(() => {
        if (performance.now() - asked > LONGEST_WAIT_MS) throw busy();
        began = performance.now();
        return this.#readNow(key);
      })
      .finally(() => this.#underWay.delete(key));
    const rest = (): Promise<void> | undefined => (began === undefined ? undefined : restAfter(began));
    this.#underWay.set(key, reading);
    this.#free = reading.then(rest, rest);
    return reading;
  }

  async #readNow(key: Key): Promise<Result> {
    const version = this.#versionOf(key);
    const result = await this.#read(key);
    this.#kept.set(key, { version, result });
    return result;
  }
}

/** With its page in every encoding, the result for a thing takes about 45 kB. */
const MOST_KEPT = 500;
const KEPT_MS = 60_000;
const LONGEST_WAIT_MS = 5_000;
/** How many times as long as a read the rest after it is. */
const REST = 4;
/** A database that hangs for once must not stop these reads for long. */
const LONGEST_REST_MS = 1_000;

// The timer keeps no process alive that is about to end.
const restAfter = (began: number): Promise<void> =>
  sleep(Math.min(REST * (performance.now() - began), LONGEST_REST_MS), undefined, { ref: false });

const busy = (): Problem =>
  new Problem(503, 'Many people are looking at this', 'Please try again in a few seconds.', {
    retryAfter: 5,
  });
