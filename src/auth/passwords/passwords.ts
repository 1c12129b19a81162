import { createHmac } from 'node:crypto';
import { dictionary } from '@zxcvbn-ts/language-common';
import { Piscina } from 'piscina';
import type { Network } from '../../http/network.js';
import { TemporaryProblem } from '../../http/problem.js';
import { normalForm } from '../../normal-form.js';
import { belowPages } from '../../worker-priority.js';

/** Lengths of a new password, in characters. */
export interface PasswordLength {
  /** Shorter ones are refused: 8 by default (OWASP ASVS 5.0, 6.2.1). */
  least: number;
  most: number;
  /** The form recommends so many. It is what NIST SP 800-63B-4 asks for a password that is the only factor. */
  good: number;
}

/** Too many passwords wait for a check, on the whole site or from one network. */
export class PasswordsBusyError extends TemporaryProblem {
  constructor(reason: string, options?: ErrorOptions) {
    super({
      status: 503,
      title: 'Many people are logging in',
      message: 'Please try again in a few seconds.',
      retryAfter: 5,
      reason,
      ...options,
    });
  }
}

/** Hashes and checks passwords. */
export type PasswordHasher = Pick<Passwords, 'hash' | 'matches' | 'length'>;

/** Passwords that may wait for a worker thread. The last one waits about 15 seconds while two cores are free. */
const MAX_QUEUE = 100;

/** Passwords that one network may have hashed or checked at the same time, so that it leaves room for others. */
const MAX_PER_NETWORK = 4;

/**
 * Hashes and checks passwords in worker threads, so that pages stay fast while many users log in. One check
 * takes a quarter of a second of CPU time on purpose.
 */
export class Passwords {
  /** The lengths that a new password may have. Existing ones keep working. */
  readonly length: PasswordLength;
  readonly #workers = new Piscina<HashTask, string | boolean>({
    filename: new URL('./password-worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: 10_000,
    maxQueue: MAX_QUEUE,
    // Where all cores are busy, pages come first: one hash takes as long as a hundred pages.
    niceIncrement: belowPages(5),
  });
  readonly #cost: number;
  readonly #dummyHash: Promise<string>;
  readonly #activeByNetwork = new Map<string, number>();

  /**
   * @param cost the cost of bcrypt, 4 to 31; each step doubles the work
   * @param least the fewest characters of a new password
   */
  constructor(cost: number, least = 8) {
    this.#cost = cost;
    this.length = { least, most: 128, good: Math.max(15, least) };
    this.#dummyHash = this.hash('the password of nobody at all');
    this.#dummyHash.catch(() => undefined);
  }

  /** @returns the hash to store, 60 characters. @throws PasswordsBusyError when too many passwords wait */
  async hash(password: string): Promise<string> {
    return (await this.#run({ prehash: prehash(password), cost: this.#cost })) as string;
  }

  /**
   * Whether a password belongs to a hash. Without a hash, because nobody has the name, it takes the same time
   * and returns false. So the response time does not tell which names exist.
   * @throws PasswordsBusyError when too many passwords wait
   */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const compared = hash ?? (await this.#dummyHash);
    const isSame = (await this.#run({ prehash: prehash(password), hash: compared })) as boolean;
    return isSame && hash !== undefined;
  }

  /** A hasher that also throws a PasswordsBusyError when too many passwords of this network wait. */
  forNetwork(network: Network): PasswordHasher {
    return {
      length: this.length,
      hash: (password) => this.#limitNetwork(network, () => this.hash(password)),
      matches: (password, hash) => this.#limitNetwork(network, () => this.matches(password, hash)),
    };
  }

  /** Ends the worker threads. */
  async close(): Promise<void> {
    await this.#dummyHash.catch(() => undefined);
    await this.#workers.destroy();
  }

  async #limitNetwork<Result>({ key, factor }: Network, work: () => Promise<Result>): Promise<Result> {
    const active = this.#activeByNetwork.get(key) ?? 0;
    if (active >= MAX_PER_NETWORK * factor)
      throw new PasswordsBusyError('too many passwords of one network are being checked');
    this.#activeByNetwork.set(key, active + 1);
    try {
      return await work();
    } finally {
      const left = (this.#activeByNetwork.get(key) ?? 0) - 1;
      if (left > 0) this.#activeByNetwork.set(key, left);
      else this.#activeByNetwork.delete(key);
    }
  }

  async #run(task: HashTask): Promise<string | boolean> {
    try {
      return await this.#workers.run(task);
    } catch (error) {
      if (error instanceof Error && /queue (is )?(at limit|full)/i.test(error.message))
        throw new PasswordsBusyError('too many passwords are being checked', { cause: error });
      throw error;
    }
  }
}

/** The task of a worker thread: compare a password with a hash, or make a hash at a cost. */
export type HashTask = { prehash: string; hash: string } | { prehash: string; cost: number };

// bcrypt reads 72 bytes and stops at a NUL byte. The 64 base64 characters of a SHA-384 hash hold any
// password. Keyboards compose the same characters in different ways, and NFKC makes them equal (NIST SP
// 800-63B-4, 3.1.1.2).
function prehash(password: string): string {
  return createHmac('sha384', 'thinga password 1').update(normalForm(password, 'NFKC')).digest('base64');
}

// The 49,000 most common passwords in lists of passwords stolen from other sites.
const commonPasswords = new Set(dictionary['passwords-common']);

/** Whether a password is one of the most common, in upper or lower case. */
export const isCommonPassword = (password: string): boolean =>
  commonPasswords.has(normalForm(password, 'NFKC').toLowerCase());
