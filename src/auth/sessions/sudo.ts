import type { Request, RequestHandler, Response } from 'express';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import type { Network } from '../../http/network.js';
import { seeOther, sendPage } from '../../http/page.js';
import { countAttempt, createLimiter, MAX_DURATION_S } from '../../http/rate-limiter.js';
import type { Redis } from '../../redis.js';
import { recordEvent } from '../audit/record-event.js';
import type { Scope } from '../passkeys/challenges.js';
import { checkPasskey } from '../passkeys/check-passkey.js';
import { listPasskeys } from '../passkeys/passkeys.js';
import type { Passwords } from '../passwords/passwords.js';
import { readClient } from './client.js';
import { userOf } from './current-user.js';
import { endSession } from './end-sessions.js';
import type { SessionStore } from './session-store.js';
import { hashSessionId } from './sessions.js';
import { type Proof, rotateSessionId } from './sign-in.js';

/** Wrong passwords in a row after which the session ends. */
const MAX_WRONG_PASSWORDS = 10;

interface Options {
  db: Database;
  config: Config;
  passwords: Passwords;
  store: SessionStore;
  redis: Redis | undefined;
  /** The beginning of every key in Redis. */
  prefix: string;
}

/** Asks logged-in users for their password again, and ends a session on which somebody guesses it. */
export class Sudo {
  readonly #db: Database;
  readonly #config: Config;
  readonly #passwords: Passwords;
  readonly #store: SessionStore;
  readonly #wrongPasswords: RateLimiterAbstract;

  constructor({ db, config, passwords, store, redis, prefix }: Options) {
    this.#db = db;
    this.#config = config;
    this.#passwords = passwords;
    this.#store = store;
    const limit = { name: 'wrong-passwords', points: MAX_WRONG_PASSWORDS, duration: MAX_DURATION_S };
    this.#wrongPasswords = createLimiter(redis, prefix, limit);
  }

  /**
   * Lets through users who gave their password or used a passkey within the last ten minutes, and asks the others. The
   * question is a form with the same address and fields, so the right password also completes the request.
   */
  readonly required: RequestHandler = async (req, res, next) => {
    if (res.locals.session?.isConfirmed) return next();
    const fields = readFields(req.body);
    const [password, passkey] = [take(fields, 'password'), take(fields, CONFIRM_FIELD)];
    const proof = passkey
      ? await this.#checkPasskey(req, res, passkey)
      : password && (await this.checkPassword(req, res, password));
    if (typeof proof === 'object' && (await rotateSessionId(req, this.#db, proof))) return next();
    // The session has ended. The log-in page says why.
    if (proof === 'ended' || typeof proof === 'object') return seeOther(res, '/login');
    const error =
      proof && (passkey ? 'This passkey is not yours, or that took too long.' : 'Wrong password.');
    const hasPasskey = (await listPasskeys(this.#db, userOf(res).id)).length > 0;
    res.status(422);
    sendPage(res, 'auth/confirm', {
      ...{ action: req.originalUrl, fields: [...fields], hasPasskey },
      error: error && `${error} Nothing has changed yet.`,
    });
  };

  async #checkPasskey(req: Request, res: Response, response: string): Promise<Proof | 'wrong'> {
    const answer = { response, scope: confirmScope(res), client: readClient(req) };
    const owner = await checkPasskey({ db: this.#db, config: this.#config }, answer);
    return owner?.userId === userOf(res).id ? { passwordHash: owner.passwordHash, by: 'passkey' } : 'wrong';
  }

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

/** The scope of a challenge with which a user confirms on this session who they are. */
export const confirmScope = ({ locals }: { locals: Express.Locals }): Scope =>
  `confirm ${locals.session?.id ?? 0}`;

// Not "passkey": that is a field of the form for a new passkey, whose request also passes here.
const CONFIRM_FIELD = 'confirm-passkey';

function take(fields: Map<string, string>, name: string): string | undefined {
  const value = fields.get(name);
  fields.delete(name);
  return value;
}

function readFields(body: unknown): Map<string, string> {
  const entries = Object.entries((body ?? {}) as Record<string, unknown>);
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
