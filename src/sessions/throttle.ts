import type { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { addressKey, createLimiter, spend } from '../web/limit.js';

/** A log-in about to be tried. */
export interface Attempt {
  username: string;
  address: string | undefined;
  /** The device this is, when this very account has logged in on it before. */
  device: string | undefined;
}

// NIST SP 800-63B-4, 3.2.2: no more than 100 failures in a row.
const MOST_FAILURES = 100;
const FREE_FAILURES = 5;
const LONGEST_WAIT_S = 15 * 60;
// The longest that a timer of this process can run: the counters live in it while Redis is away.
const FORGET_AFTER_S = 24 * 24 * 3600;

/**
 * Slows down guessing: an account's failures in a row make the wait for the next try grow, from a second to a
 * quarter of an hour, and a hundred close it to strangers; one place on the network has 60 failures a quarter of
 * an hour for all accounts. A device on which the account has logged in before has a count of its own, so that
 * no stranger can lock its owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
 */
export class Throttle {
  readonly #failures: RateLimiterAbstract;
  readonly #waits: RateLimiterAbstract;
  readonly #addresses: RateLimiterAbstract;

  constructor(redis: Redis | undefined, prefix: string) {
    const many = Number.MAX_SAFE_INTEGER;
    this.#failures = createLimiter(redis, prefix, {
      name: 'log-in-failures',
      points: many,
      duration: FORGET_AFTER_S,
    });
    this.#waits = createLimiter(redis, prefix, { name: 'log-in-waits', points: 1, duration: LONGEST_WAIT_S });
    this.#addresses = createLimiter(redis, prefix, {
      name: 'log-in-addresses',
      points: 60,
      duration: 15 * 60,
    });
  }

  /** Whether this account may be tried from this device now. */
  async allows(attempt: Attempt): Promise<boolean> {
    const key = keyOf(attempt);
    const [failures, wait] = await Promise.all([this.#failures.get(key), this.#waits.get(key)]);
    return (failures?.consumedPoints ?? 0) < MOST_FAILURES && (wait?.consumedPoints ?? 0) === 0;
  }

  /** Counts a failure. @throws Problem 429 when this place on the network has had too many of them */
  async failed(attempt: Attempt): Promise<void> {
    const key = keyOf(attempt);
    const { consumedPoints } = await consume(this.#failures, key);
    const beyond = consumedPoints - FREE_FAILURES;
    if (beyond >= 0) await this.#waits.set(key, 1, Math.min(2 ** beyond, LONGEST_WAIT_S));
    await spend(this.#addresses, addressKey(attempt.address));
  }

  /** Forgets the failures: whoever logs in is who they say. */
  async succeeded(attempt: Attempt): Promise<void> {
    await Promise.all([this.#failures.delete(keyOf(attempt)), this.#waits.delete(keyOf(attempt))]);
  }
}

function keyOf({ username, device }: Attempt): string {
  return device ? `device:${device}` : `name:${username.normalize('NFKC').trim().toLowerCase()}`;
}

async function consume(limiter: RateLimiterAbstract, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key);
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return refused;
    throw refused;
  }
}
