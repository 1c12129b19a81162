import { RedisStore } from 'connect-redis';
import { Cookie, MemoryStore, type SessionData, Store } from 'express-session';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Database } from '../../database.js';
import { StoreAwayProblem } from '../../http/problem.js';
import { createEncryption, DecryptionError } from './encryption.js';
import type { PendingRevocations } from './pending-revocations.js';
import { hashSessionId, recordEvent } from './sessions.js';

declare module 'express-session' {
  interface SessionData {
    userId: number;
    /** The earlier of the idle and the absolute deadline, in milliseconds since 1970: Redis forgets it then. */
    until: number;
    /** Rebuilt from the record of a session that has ended: good only for telling its holder why. */
    ended?: boolean;
    /** The key it was kept under. */
    boundTo?: string;
  }
}

type Reply<Value> = (error: unknown, value?: Value | null) => void;

/** Session state can't be saved just now, so nobody can log in. */
export class StateAwayError extends StoreAwayProblem {}

type Serializer = NonNullable<ConstructorParameters<typeof RedisStore>[0]['serializer']>;

interface Parts {
  db: Database;
  redis: Redis | undefined;
  /** Begins every key. */
  prefix: string;
  pendingRevocations: PendingRevocations;
  secrets: [string, ...string[]];
  log: Logger;
}

/**
 * Where express-session keeps what it knows: Redis, or this process when there is none. Keys are hashes of the
 * cookie's id. What Redis does not hold, because it was flushed, restarted or is away, is rebuilt from the
 * session's record in Postgres, which is asked for its verdict on each request anyway.
 *
 * There is deliberately no `touch`: deadlines belong to the record, and move through `extend`.
 */
export class RecordedStore extends Store {
  readonly #inner: Store;
  readonly #redis: Redis | undefined;
  readonly #prefix: string;
  readonly #db: Database;
  readonly #log: Logger;
  readonly #pendingRevocations: PendingRevocations;
  readonly #saved = new WeakMap<SessionData, string>();

  constructor({ db, redis, prefix, log, secrets, pendingRevocations }: Parts) {
    super();
    this.#pendingRevocations = pendingRevocations;
    this.#redis = redis;
    this.#prefix = prefix;
    this.#db = db;
    this.#log = log;
    this.#inner = redis
      ? new RedisStore({
          client: redis,
          prefix,
          disableTouch: true,
          ttl: secondsLeft,
          serializer: createEncryption(secrets) as Serializer,
        })
      : new MemoryStore();
  }

  override get(id: string, reply: Reply<SessionData>): void {
    const key = hashSessionId(id);
    this.#inner.get(key, (error: unknown, data?: SessionData | null) => {
      const { boundTo, ...state } = data ?? {};
      if (boundTo === key && !this.#pendingRevocations.isHere(key)) return reply(null, state as SessionData);
      const forged = Boolean(data && boundTo !== key) || error instanceof DecryptionError;
      const away = Boolean(error) && !forged;
      if (away) this.#log.warn({ reason: String(error) }, 'session state is away: asking the record');
      this.#rebuild(key, { forged, away }).then((rebuilt) => reply(null, rebuilt), reply);
    });
  }

  override set(id: string, data: SessionData, reply: Reply<never> = () => undefined): void {
    // express-session saves a session once more as the answer goes out, because it moved the cookie's deadline if
    // for nothing else: what has ended since stays gone.
    const state = JSON.stringify({ ...data, cookie: undefined });
    if (this.#saved.get(data) === state) reply(null);
    else
      this.#keep(hashSessionId(id), data, (error) => {
        if (!error) this.#saved.set(data, state);
        reply(error);
      });
  }

  override destroy(id: string, reply: Reply<never> = () => undefined): void {
    this.#inner.destroy(hashSessionId(id), (error: unknown) => {
      // The record decides; a key that could not be removed opens nothing and dies by its deadline.
      if (error) this.#log.warn({ reason: String(error) }, 'session state could not be removed');
      reply(null);
    });
  }

  /** Drops the state of sessions that the record has ended, by the hashes they go by. */
  async forget(accessTokenHashes: string[]): Promise<void> {
    for (const key of accessTokenHashes)
      await new Promise<void>((resolve) => this.#inner.destroy(key, () => resolve()));
  }

  /** Lets Redis remember a session until its new deadline. */
  async extend(id: string, until: Date): Promise<void> {
    const key = this.#prefix + hashSessionId(id);
    await this.#redis?.pexpireat(key, until.getTime()).catch(() => undefined);
  }

  // Also for a session that has ended: its holder is to learn why, and the verdict lets nobody in by it.
  async #rebuild(
    accessTokenHash: string,
    { forged, away }: { forged: boolean; away: boolean },
  ): Promise<SessionData | null> {
    const row = await this.#db
      .selectFrom('sessions')
      .where((session) =>
        session.or([
          session('accessTokenHash', '=', accessTokenHash),
          session('previousTokenHash', '=', accessTokenHash),
        ]),
      )
      .select(['id', 'userId', 'status', 'idleExpiresAt', 'accessTokenHash'])
      .executeTakeFirst();
    if (!row) return null;
    const rebuilt = { userId: row.userId, until: row.idleExpiresAt.getTime(), cookie: new Cookie() };
    // An id that was changed: nobody's any more, and no guess either.
    if (row.accessTokenHash !== accessTokenHash) return { ...rebuilt, ended: true };
    if (row.status === 'active' && (await this.#pendingRevocations.has(accessTokenHash))) {
      await this.#pendingRevocations.settle(this.#db);
      await this.forget([accessTokenHash]);
      return { ...rebuilt, ended: true };
    }
    if (row.status !== 'active') return { ...rebuilt, ended: true };
    if (away) return rebuilt;
    const kept = await new Promise((resolve) => {
      this.#keep(accessTokenHash, rebuilt, (error) => resolve(!error));
    });
    const kind = forged ? 'tampered' : 'rebuilt';
    if (kept) await recordEvent(this.#db, { kind, userId: row.userId, sessionId: row.id });
    return rebuilt;
  }

  // Sealed together with its key, so that it opens nothing under another one.
  #keep(key: string, data: SessionData, reply: Reply<never>): void {
    this.#inner.set(key, { ...data, boundTo: key }, reply);
  }
}

function secondsLeft(data: SessionData): number {
  return Math.max(Math.ceil((data.until - Date.now()) / 1000), 1);
}
