import { createHash } from 'node:crypto';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Network } from '../../http/network.js';
import { Problem } from '../../http/problem.js';
import { countAttempt, createLimiter, MAX_DURATION_S, refuseExhausted } from '../../http/rate-limiter.js';
import { normalForm } from '../../normal-form.js';
import type { Redis } from '../../redis.js';
import { LogInUnavailableError } from './session-store.js';

/** One attempt to log in, or to get back in by the recovery code. */
export interface Attempt {
  username: string;
  network: Network;
  /** The id of the device, when this account has logged in on it before with the password that it has now. */
  device: string | undefined;
}

// NIST SP 800-63B-4, 3.2.2: no more than 100 failures in a row.
const MAX_FAILURES = 100;
const FREE_FAILURES = 5;
const FIRST_WAIT_S = 4;
const LONGEST_WAIT_S = 15 * 60;

/**
 * Slows down the guessing of passwords. After five failures in a row an account has to wait before each
 * further attempt, from four seconds up to a quarter of an hour. A hundred failures close it to strangers.
 * One network has 60 failures in a quarter of an hour, for all accounts together. A device on which the
 * account has logged in before has its own count, so no stranger can lock the owner out (OWASP, "Slow Down
 * Online Guessing Attacks with Device Cookies").
 *
 * While Redis is unavailable nothing is counted, and each method but `recordSuccess` throws a
 * LogInUnavailableError. Nobody could log in anyway, and counts that started again at zero would allow
 * more attempts.
 */
export class Throttle {
  readonly #failures: RateLimiterAbstract;
  readonly #waits: RateLimiterAbstract;
  readonly #recordedRefusals: RateLimiterAbstract;
  readonly #networks: RateLimiterAbstract;

  constructor(redis: Redis | undefined, prefix: string) {
    const create = (name: string, points: number, duration: number): RateLimiterAbstract =>
      createLimiter(redis, prefix, { name, points, duration, insured: false });
    this.#failures = create('log-in-failures', Number.MAX_SAFE_INTEGER, MAX_DURATION_S);
    this.#waits = create('log-in-waits', 1, LONGEST_WAIT_S);
    this.#recordedRefusals = create('log-in-waits-reported', 1, 24 * 3600);
    this.#networks = create('log-in-networks', 60, 15 * 60);
  }

  /**
   * Refuses a network with too many failures. Call it before the password check, so that the answer tells
   * nothing about the password.
   * @throws Problem 429
   */
  async checkNetwork(network: Network): Promise<void> {
    await orUnavailable(refuseExhausted(this.#networks, network.key, network.factor));
  }

  /** Whether this device may try this account now. */
  async isAllowed(attempt: Attempt): Promise<boolean> {
    const key = keyOf(attempt);
    const [failures, wait] = await orUnavailable(
      Promise.all([this.#failures.get(key), this.#waits.get(key)]),
    );
    return (failures?.consumedPoints ?? 0) < MAX_FAILURES && (wait?.consumedPoints ?? 0) === 0;
  }

  /** Counts a wrong password, for the account and for the network. */
  async recordFailure(attempt: Attempt): Promise<void> {
    const key = keyOf(attempt);
    const beyond = (await orUnavailable(countAttempt(this.#failures, key))) - FREE_FAILURES;
    if (beyond >= 0) {
      await orUnavailable(this.#waits.set(key, 1, Math.min(FIRST_WAIT_S * 2 ** beyond, LONGEST_WAIT_S)));
      await orUnavailable(this.#recordedRefusals.delete(key));
    }
    await this.countNetwork(attempt);
  }

  /**
   * Counts an attempt that was not allowed, for the network only. If it counted for the account, a stranger
   * who keeps trying would close the account.
   * @returns whether it is the first refusal of this wait, or of the day for a closed account. Only that one
   * is recorded.
   */
  async recordRefusal(attempt: Attempt): Promise<boolean> {
    await this.countNetwork(attempt);
    return (await orUnavailable(countAttempt(this.#recordedRefusals, keyOf(attempt)))) === 1;
  }

  /**
   * Resets the failures of an account, those of strangers too, so that the owner's next device need not wait.
   * A log-in or a new password has proved who the owner is, so an error of Redis is ignored.
   */
  async recordSuccess(owner: Pick<Attempt, 'username' | 'device'>): Promise<void> {
    const keys = new Set([keyOf(owner), keyOf({ ...owner, device: undefined })]);
    await Promise.all([...keys].map((key) => this.#reset(key))).catch(() => undefined);
  }

  /** Opens an account to strangers again. */
  async unlock(username: string): Promise<void> {
    await this.#reset(keyOf({ username, device: undefined }));
  }

  /** Counts a failure for the network alone, when no account is named. */
  async countNetwork({ network }: Pick<Attempt, 'network'>): Promise<void> {
    await orUnavailable(countAttempt(this.#networks, network.key));
  }

  async #reset(key: string): Promise<void> {
    await orUnavailable(Promise.all([this.#failures.delete(key), this.#waits.delete(key)]));
  }
}

// The name is hashed, because an attacker may send one of any length.
function keyOf({ username, device }: Pick<Attempt, 'username' | 'device'>): string {
  const name = normalForm(username, 'NFKC').trim().toLowerCase();
  return device ? `device:${device}` : `name:${createHash('sha256').update(name).digest('base64url')}`;
}

async function orUnavailable<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new LogInUnavailableError('failed log-ins could not be counted', { cause: error });
  }
}
