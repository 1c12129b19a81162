import type { Request, RequestHandler, Response } from 'express';
import type { Redis } from 'ioredis';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Database } from '../../database.js';
import type { Network } from '../../http/network.js';
import { seeOther, sendPage } from '../../http/page.js';
import { countAttempt, createLimiter, MAX_DURATION_S } from '../../http/rate-limiter.js';
import { recordEvent } from '../audit/record-event.js';
import type { Passwords } from '../passwords/passwords.js';
import { readClient } from './client.js';
import { userOf } from './current-user.js';
import { endSession } from './end-sessions.js';
import type { SessionStore } from './session-store.js';
import { hashSessionId } from './sessions.js';
import { rotateSessionId } from './sign-in.js';

/** Wrong passwords in a row after which the session ends. */
const MAX_WRONG_PASSWORDS = 10;

interface Options {
  db: Database;
  passwords: Passwords;
  store: SessionStore;
  redis: Redis | undefined;
  /** The beginning of every key in Redis. */
  prefix: string;
}

/** Asks logged-in users for their password again, and ends a session on which somebody guesses it. */
export class Sudo {
  readonly #db: Database;
  readonly #passwords: Passwords;
  readonly #store: SessionStore;
  readonly #wrongPasswords: RateLimiterAbstract;

  constructor({ db, passwords, store, redis, prefix }: Options) {
    this.#db = db;
    this.#passwords = passwords;
    this.#store = store;
    const limit = { name: 'wrong-passwords', points: MAX_WRONG_PASSWORDS, duration: MAX_DURATION_S };
    this.#wrongPasswords = createLimiter(redis, prefix, limit);
  }

  /**
   * Lets through users who gave their password within the last ten minutes, and asks the others for it. The
   * question is a form with the same address and fields, so the right password also completes the request.
   */
  readonly required: RequestHandler = async (req, res, next) => {
    if (res.locals.session?.isConfirmed) return next();
    const fields = readFields(req.body);
    const password = fields.get('password');
    fields.delete('password');
    const result = password ? await this.checkPassword(req, res, password) : undefined;
    if (typeof result === 'object' && (await rotateSessionId(req, this.#db, result.passwordHash)))
      return next();
    // The session has ended. The log-in page says why.
    if (result === 'ended' || typeof result === 'object') return seeOther(res, '/login');
    const error = result && 'Wrong password. Nothing has changed yet.';
    res.status(422);
    sendPage(res, 'auth/confirm', { action: req.originalUrl, fields: [...fields], error });
  };

  /**
   * Checks the password of the logged-in user. Ten wrong passwords in a row end the session, so that a thief
   * of its cookie can't find the password too.
   * @returns the hash that the password matched, so that the caller can make sure that it has not changed
   * since
   * @throws PasswordsBusyError when too many passwords are being checked
   */
  async checkPassword(
    req: Request,
    res: Response,
    password: string,
  ): Promise<{ passwordHash: string } | 'wrong' | 'ended'> {
    const { id: sessionId = 0, publicId: key = '' } = res.locals.session ?? {};
    const userId = userOf(res).id;
    // Count before the check, so that many requests at once get no more than ten checks.
    const attempts = await countAttempt(this.#wrongPasswords, key);
    if (attempts <= MAX_WRONG_PASSWORDS) {
      const passwordHash = await this.#findMatchingHash(userId, password, res.locals.network).catch(
        async (error: unknown) => {
          await this.#wrongPasswords.reward(key);
          throw error;
        },
      );
      if (passwordHash) {
        await this.#wrongPasswords.delete(key);
        return { passwordHash };
      }
      await recordEvent(this.#db, { kind: 'password-wrong', userId, sessionId, client: readClient(req) });
      if (attempts < MAX_WRONG_PASSWORDS) return 'wrong';
    }
    const ending = { reason: 'guesses', client: readClient(req) } as const;
    const ended = await endSession(this.#db, hashSessionId(req.sessionID), ending);
    if (ended) await this.#store.deleteByHash([ended]);
    return 'ended';
  }

  async #findMatchingHash(userId: number, password: string, network: Network): Promise<string | undefined> {
    const user = await this.#db
      .selectFrom('users')
      .where('id', '=', userId)
      .select('passwordHash')
      .executeTakeFirst();
    const matches = await this.#passwords.forNetwork(network).matches(password, user?.passwordHash);
    return matches ? user?.passwordHash : undefined;
  }
}

function readFields(body: unknown): Map<string, string> {
  const entries = Object.entries((body ?? {}) as Record<string, unknown>);
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
