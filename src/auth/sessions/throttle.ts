import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { count, createLimiter, refuseSpent } from '../../http/limit.js';
import type { Network } from '../../http/network.js';
import { Problem } from '../../http/problem.js';
import { normalForm } from '../../normal-form.js';
import { StateAwayError } from './store.js';

/** A log-in about to be tried. */
export interface Attempt {
  username: string;
  network: Network;
  /** The device this is, when this very account has logged in on it before, with the password it has now. */
  device: string | undefined;
}

// NIST SP 800-63B-4, 3.2.2: no more than 100 failures in a row.
const MOST_FAILURES = 100;
const FREE_FAILURES = 5;
const FIRST_WAIT_S = 4;
const LONGEST_WAIT_S = 15 * 60;
// The longest that a timer of this process can run: the counters live in it where there is no Redis.
const FORGET_AFTER_S = 24 * 24 * 3600;

/**
 * Slows down guessing: an account's failures in a row make the wait for the next try grow, from four seconds to a
 * quarter of an hour, and a hundred close it to strangers; one network has 60 failures a quarter of
 * an hour for all accounts. A device on which the account has logged in before has a count of its own, so that
 * no stranger can lock its owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
 *
 * While Redis is away nothing is counted and every question is a StateAwayError: nobody could log in anyway, and
 * a count that began anew would give away fresh tries.
 */
export class Throttle {
  readonly #failures: RateLimiterAbstract;
  readonly #waits: RateLimiterAbstract;
  readonly #reported: RateLimiterAbstract;
  readonly #networks: RateLimiterAbstract;

  constructor(redis: Redis | undefined, prefix: string) {
    const create = (name: string, points: number, duration: number): RateLimiterAbstract =>
      createLimiter(redis, prefix, { name, points, duration, insured: false });
    this.#failures = create('log-in-failures', Number.MAX_SAFE_INTEGER, FORGET_AFTER_S);
    this.#waits = create('log-in-waits', 1, LONGEST_WAIT_S);
    this.#reported = create('log-in-waits-reported', 1, 24 * 3600);
    this.#networks = create('log-in-networks', 60, 15 * 60);
  }

  /**
   * Lets through who may try at all, before a password is looked at, so that the answer tells nothing about it.
   * @throws Problem 429 when this network has had too many failures
   */
  async admit(network: Network): Promise<void> {
    await reached(refuseSpent(this.#networks, network.key, network.factor));
  }

  /** Whether this account may be tried from this device now. */
  async allows(attempt: Attempt): Promise<boolean> {
    const key = keyOf(attempt);
    const [failures, wait] = await reached(Promise.all([this.#failures.get(key), this.#waits.get(key)]));
    return (failures?.consumedPoints ?? 0) < MOST_FAILURES && (wait?.consumedPoints ?? 0) === 0;
  }

  /** Counts a wrong password, for the account and for the network it came from. */
  async failed(attempt: Attempt): Promise<void> {
    const key = keyOf(attempt);
    const beyond = (await reached(count(this.#failures, key))) - FREE_FAILURES;
    if (beyond >= 0) {
      await reached(this.#waits.set(key, 1, Math.min(FIRST_WAIT_S * 2 ** beyond, LONGEST_WAIT_S)));
      await reached(this.#reported.delete(key));
    }
    await this.#came(attempt);
  }

  /**
   * Counts a try that was not let through: for the network only, or whoever keeps on would close the account.
   * @returns whether it is the first during this wait (of a closed account: today), which is the one to record
   */
  async refused(attempt: Attempt): Promise<boolean> {
    await this.#came(attempt);
    return (await reached(count(this.#reported, keyOf(attempt)))) === 1;
  }

  /**
   * Forgets the failures, those of strangers too, so that the owner's next device is not made to wait for them:
   * whoever logs in or changes the password is who they say, and has done so whether or not that can be noted.
   */
  async succeeded(owner: Pick<Attempt, 'username' | 'device'>): Promise<void> {
    const keys = new Set([keyOf(owner), keyOf({ ...owner, device: undefined })]);
    await Promise.all([...keys].map((key) => this.#forget(key))).catch(() => undefined);
  }

  /** Opens an account to strangers again. @throws StateAwayError when Redis does not answer */
  async unlock(username: string): Promise<void> {
    await this.#forget(keyOf({ username, device: undefined }));
  }

  async #came({ network }: Attempt): Promise<void> {
    await reached(count(this.#networks, network.key));
  }

  async #forget(key: string): Promise<void> {
    await reached(Promise.all([this.#failures.delete(key), this.#waits.delete(key)]));
  }
}

// A hash, because a name may be as long as whoever guesses likes.
function keyOf({ username, device }: Pick<Attempt, 'username' | 'device'>): string {
  const name = normalForm(username, 'NFKC').trim().toLowerCase();
  return device ? `device:${device}` : `name:${createHash('sha256').update(name).digest('base64url')}`;
}

async function reached<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new StateAwayError('failed log-ins could not be counted', { cause: error });
  }
}
