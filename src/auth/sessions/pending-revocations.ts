import type { Database } from '../../database.js';
import type { Redis } from '../../redis.js';
import { endSession } from './end-sessions.js';

/**
 * Log-outs made while Postgres is unavailable. Redis keeps them until Postgres has recorded them, and so does
 * this process, in case Redis loses them. A session on this list lets nobody in.
 */
export class PendingRevocations {
  readonly #redis: Redis | undefined;
  readonly #key: string;
  readonly #local = new Set<string>();

  /** @param key the key of the set in Redis */
  constructor(redis: Redis | undefined, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  /** Adds a session that has ended. @throws Error when Redis, which all processes see, can't store it */
  async add(accessTokenHash: string): Promise<void> {
    await this.#redis?.sadd(this.#key, accessTokenHash);
    this.#local.add(accessTokenHash);
  }

  /** Whether this process added the session and it is still pending. The answer does not depend on Redis. */
  hasLocal(accessTokenHash: string): boolean {
    return this.#local.has(accessTokenHash);
  }

  /** Whether any process added the session and it is still pending. */
  async has(accessTokenHash: string): Promise<boolean> {
    if (this.hasLocal(accessTokenHash)) return true;
    return (await this.#redis?.sismember(this.#key, accessTokenHash).catch(() => 0)) === 1;
  }

  /** Records all pending log-outs in Postgres. @throws Error while Postgres is unavailable */
  async flush(db: Database): Promise<void> {
    const shared = (await this.#redis?.smembers(this.#key).catch(() => [])) ?? [];
    for (const accessTokenHash of new Set([...shared, ...this.#local])) {
      await endSession(db, accessTokenHash, { reason: 'logout' });
      this.#local.delete(accessTokenHash);
      await this.#redis?.srem(this.#key, accessTokenHash).catch(() => undefined);
    }
  }
}
