import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Network } from '../../http/network.js';
import { consume, createLimiter } from '../../http/rate-limiter.js';
import type { Redis } from '../../redis.js';

/**
 * Limits how many accounts one network makes. It counts by network, because each registration logs the browser in as
 * a new user, who would start at zero. Tries that make no account have a limit of their own, far above what people need.
 */
export class SignUpLimit {
  readonly #accounts: RateLimiterAbstract;
  readonly #tries: RateLimiterAbstract;

  /** @param prefix begins the keys in Redis */
  constructor(redis: Redis | undefined, prefix: string) {
    this.#accounts = createLimiter(redis, prefix, { name: 'register', points: 30, duration: 3600 });
    this.#tries = createLimiter(redis, prefix, { name: 'register-try', points: 300, duration: 3600 });
  }

  /**
   * Registers a user, and counts the account if there is one then.
   * @param register returns the account, or the errors of the form
   * @throws Problem 429 when too many accounts were made, that says when to try again
   */
  async guard<Result extends object>(
    { key, factor }: Network,
    register: () => Promise<Result>,
  ): Promise<Result> {
    await consume(this.#tries, key, factor);
    let isMade = false;
    try {
      // Counted first: of many at once, only as many as are allowed may pass.
      await consume(this.#accounts, key, factor);
      const result = await register();
      isMade = !('errors' in result);
      return result;
    } finally {
      if (!isMade) await this.#accounts.reward(key);
    }
  }
}
