import type { Request, RequestHandler, Response } from 'express';
import type { Redis } from 'ioredis';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Database } from '../../database.js';
import { count, createLimiter } from '../../http/limit.js';
import { seeOther, sendPage } from '../../http/page.js';
import type { Passwords } from '../passwords/passwords.js';
import { readClient } from './client.js';
import { userOf } from './current-user.js';
import { endSession, hashSessionId, recordEvent } from './sessions.js';
import { renew } from './sign-in.js';
import type { RecordedStore } from './store.js';

/** Wrong passwords in a row that end the session on which they are given. */
const MOST_WRONG = 10;
// The longest that a timer of this process can run: the counters live in it while Redis is away.
const FORGET_AFTER_S = 24 * 24 * 3600;

interface Parts {
  db: Database;
  passwords: Passwords;
  store: RecordedStore;
  redis: Redis | undefined;
  /** Begins every key in Redis. */
  prefix: string;
}

/** Asks whoever is logged in for their password, and ends a session on which it is guessed. */
export class Sudo {
  readonly #db: Database;
  readonly #passwords: Passwords;
  readonly #store: RecordedStore;
  readonly #wrong: RateLimiterAbstract;

  constructor({ db, passwords, store, redis, prefix }: Parts) {
    this.#db = db;
    this.#passwords = passwords;
    this.#store = store;
    const allowance = { name: 'wrong-passwords', points: MOST_WRONG, duration: FORGET_AFTER_S };
    this.#wrong = createLimiter(redis, prefix, allowance);
  }

  /**
   * Lets through whoever gave their password within the last ten minutes, and asks everybody else for it. The
   * question is a form with the same address and fields, so what was asked for is done once the password is right.
   */
  readonly required: RequestHandler = async (req, res, next) => {
    if (res.locals.session?.isConfirmed) return next();
    const fields = readFields(req.body);
    const given = fields.get('password');
    fields.delete('password');
    const answer = given ? await this.check(req, res, given) : undefined;
    if (typeof answer === 'object' && (await renew(req, this.#db, answer.passwordHash))) return next();
    // It was ended, now or meanwhile: the log-in page tells why.
    if (answer === 'ended' || typeof answer === 'object') return seeOther(res, '/login');
    const error = answer && 'That is not your password. Nothing was done yet.';
    res.status(422);
    sendPage(res, 'auth/confirm', { action: req.originalUrl, fields: [...fields], error });
  };

  /**
   * Whether a password is that of whoever is logged in here. Ten wrong ones in a row end the session: whoever came
   * by its cookie is not to find out the password as well.
   * @returns the hash it matches, so that what follows can make sure that it still stands
   * @throws PasswordsBusyError when too many are being checked already
   */
  async check(
    req: Request,
    res: Response,
    given: string,
  ): Promise<{ passwordHash: string } | 'wrong' | 'ended'> {
    const { id: sessionId = 0, publicId: key = '' } = res.locals.session ?? {};
    const userId = userOf(res).id;
    // Counted before it is checked: of many at once no more than ten are.
    const tries = await count(this.#wrong, key);
    if (tries <= MOST_WRONG) {
      const passwordHash = await this.#matching(res, userId, given).catch(async (error: unknown) => {
        await this.#wrong.reward(key);
        throw error;
      });
      if (passwordHash) {
        await this.#wrong.delete(key);
        return { passwordHash };
      }
      await recordEvent(this.#db, { kind: 'password-wrong', userId, sessionId, client: readClient(req) });
      if (tries < MOST_WRONG) return 'wrong';
    }
    const ended = await endSession(this.#db, hashSessionId(req.sessionID), 'guesses', readClient(req));
    if (ended) await this.#store.forget([ended]);
    return 'ended';
  }

  async #matching(res: Response, userId: number, password: string): Promise<string | undefined> {
    const user = await this.#db
      .selectFrom('users')
      .where('id', '=', userId)
      .select('passwordHash')
      .executeTakeFirst();
    const isTheirs = await this.#passwords.from(res.locals.network).matches(password, user?.passwordHash);
    return isTheirs ? user?.passwordHash : undefined;
  }
}

function readFields(body: unknown): Map<string, string> {
  const entries = Object.entries((body ?? {}) as Record<string, unknown>);
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
