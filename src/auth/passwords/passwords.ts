import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { dictionary } from '@zxcvbn-ts/language-common';
import { Piscina } from 'piscina';
import { root } from '../../config.js';
import type { Network } from '../../http/network.js';
import { Problem } from '../../http/problem.js';
import { normalForm } from '../../normal-form.js';

/** Fewest and most characters of a password (NIST SP 800-63B-4: at least 8, and long ones welcome). */
export const PASSWORD_LENGTH = { least: 8, most: 128, good: 15 } as const;

/** More log-ins are being checked than the machine can do in a sensible time, or than one network may have checked. */
export class PasswordsBusyError extends Problem {
  constructor(reason: string, options?: ErrorOptions) {
    super(503, 'Many people are logging in', 'Please try again in a few seconds.', {
      retryAfter: 5,
      reason,
      ...options,
    });
  }
}

/** Hashing and checking on behalf of somebody. */
export type PasswordWork = Pick<Passwords, 'hash' | 'matches'>;

/** Passwords that may wait for a worker thread: the last waits about a quarter of a minute. */
const MOST_WAITING = 100;

/** Passwords that one network may have hashed or checked at a time, so that it leaves room for others. */
const MOST_A_NETWORK = 4;

/**
 * Hashes and checks passwords in worker threads, so that a burst of log-ins leaves pages as quick as ever;
 * a password check is a quarter of a second of work by design.
 */
export class Passwords {
  readonly #workers = new Piscina<WorkOrder, string | boolean>({
    // Compiled, also when tests run the sources: a worker thread loads plain JavaScript.
    filename: join(root, 'dist/src/auth/passwords/password-worker.js'),
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: 10_000,
    maxQueue: MOST_WAITING,
  });
  readonly #cost: number;
  readonly #nobodysHash: Promise<string>;
  readonly #underWay = new Map<string, number>();

  /** @param cost bcrypt's cost, 4 to 31; each step doubles the work */
  constructor(cost: number) {
    this.#cost = cost;
    this.#nobodysHash = this.hash('the password of nobody at all');
    this.#nobodysHash.catch(() => undefined);
  }

  /** @returns the hash to keep, 60 characters. @throws PasswordsBusyError when too many wait already */
  async hash(password: string): Promise<string> {
    return (await this.#run({ material: material(password), cost: this.#cost })) as string;
  }

  /**
   * Whether a password is the one behind a hash. Without a hash (nobody has that name) it takes as long and
   * says no, so that the time of an answer does not tell which names exist.
   * @throws PasswordsBusyError when too many wait already
   */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const against = hash ?? (await this.#nobodysHash);
    const same = (await this.#run({ material: material(password), hash: against })) as boolean;
    return same && hash !== undefined;
  }

  /** The same work for somebody on a network: a PasswordsBusyError also when too many from there are waiting. */
  from(network: Network): PasswordWork {
    return {
      hash: (password) => this.#asOneOfFew(network, () => this.hash(password)),
      matches: (password, hash) => this.#asOneOfFew(network, () => this.matches(password, hash)),
    };
  }

  /** Ends the worker threads. */
  async close(): Promise<void> {
    await this.#nobodysHash.catch(() => undefined);
    await this.#workers.destroy();
  }

  async #asOneOfFew<Result>({ key, factor }: Network, work: () => Promise<Result>): Promise<Result> {
    const others = this.#underWay.get(key) ?? 0;
    if (others >= MOST_A_NETWORK * factor)
      throw new PasswordsBusyError('one network has too many passwords checked');
    this.#underWay.set(key, others + 1);
    try {
      return await work();
    } finally {
      const left = (this.#underWay.get(key) ?? 0) - 1;
      if (left > 0) this.#underWay.set(key, left);
      else this.#underWay.delete(key);
    }
  }

  async #run(order: WorkOrder): Promise<string | boolean> {
    try {
      return await this.#workers.run(order);
    } catch (error) {
      if (error instanceof Error && /queue (is )?(at limit|full)/i.test(error.message))
        throw new PasswordsBusyError('too many passwords are being checked', { cause: error });
      throw error;
    }
  }
}

// The 49,000 passwords that come first in lists of what was stolen elsewhere.
const common = new Set(dictionary['passwords-common']);

/** Whether a password is among the most common ones, in whatever case. */
export const isCommon = (password: string): boolean => common.has(normalForm(password, 'NFKC').toLowerCase());

/** What a worker thread is asked: to compare with a hash, or to make one at a cost. */
export type WorkOrder = { material: string; hash: string } | { material: string; cost: number };

// bcrypt reads 72 bytes and stops at a NUL. 64 base64 characters of a hash hold any password whole; NFKC makes
// one password of the ways in which keyboards compose the same characters (NIST SP 800-63B-4, 3.1.1.2).
function material(password: string): string {
  return createHmac('sha384', 'thinga password 1').update(normalForm(password, 'NFKC')).digest('base64');
}
