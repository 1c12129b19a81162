import type { Redis } from 'ioredis';
import type { Database } from '../../database.js';
import { endSession } from './sessions.js';

/**
 * Sign-outs made while the record was away. They are kept in Redis, and in this process should Redis forget,
 * until the record has them; the session opens nothing from the moment one is noted.
 */
export class PendingRevocations {
  readonly #redis: Redis | undefined;
  readonly #key: string;
  readonly #here = new Set<string>();

  /** @param key of the set in Redis */
  constructor(redis: Redis | undefined, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  /** Notes that a session has ended. @throws Error when that can't be kept where all processes see it */
  async note(accessTokenHash: string): Promise<void> {
    await this.#redis?.sadd(this.#key, accessTokenHash);
    this.#here.add(accessTokenHash);
  }

  /** Whether a session's end was noted in this process and still waits: known at once, whatever Redis holds. */
  isHere(accessTokenHash: string): boolean {
    return this.#here.has(accessTokenHash);
  }

  /** Whether a session's end still waits to be recorded. */
  async has(accessTokenHash: string): Promise<boolean> {
    if (this.isHere(accessTokenHash)) return true;
    return (await this.#redis?.sismember(this.#key, accessTokenHash).catch(() => 0)) === 1;
  }

  /** Puts everything that waits into the record. @throws Error when the record is still away */
  async settle(db: Database): Promise<void> {
    const kept = (await this.#redis?.smembers(this.#key).catch(() => [])) ?? [];
    for (const accessTokenHash of new Set([...kept, ...this.#here])) {
      await endSession(db, accessTokenHash, 'logout');
      this.#here.delete(accessTokenHash);
      await this.#redis?.srem(this.#key, accessTokenHash).catch(() => undefined);
    }
  }
}
