import { RedisStore } from 'connect-redis';
import { Cookie, MemoryStore, type SessionData, Store } from 'express-session';
import type { Logger } from 'pino';
import type { Database } from '../../database.js';
import { StoreUnavailableProblem } from '../../http/problem.js';
import type { Redis } from '../../redis.js';
import { recordEvent } from '../audit/record-event.js';
import { createEncryptedSerializer, DecryptionError } from './encryption.js';
import type { PendingRevocations } from './pending-revocations.js';
import { hashSessionId } from './sessions.js';

declare module 'express-session' {
  interface SessionData {
    userId: number;
    /**
     * The earlier of the idle and the absolute deadline, in milliseconds since 1970. Redis deletes the state
     * then.
     */
    until: number;
    /** The state was rebuilt from the row of an ended session. It only serves to tell its holder why. */
    ended?: boolean;
    /** The key under which the state was stored. */
    boundTo?: string;
  }
}

type Callback<Value> = (error: unknown, value?: Value | null) => void;

/** Nobody can log in at the moment, because a store is unavailable. */
export class LogInUnavailableError extends StoreUnavailableProblem {}

type Serializer = NonNullable<ConstructorParameters<typeof RedisStore>[0]['serializer']>;

interface Options {
  db: Database;
  redis: Redis | undefined;
  /** The beginning of every key. */
  prefix: string;
  pendingRevocations: PendingRevocations;
  secrets: [string, ...string[]];
  log: Logger;
}

/**
 * Stores session state for express-session: in Redis, or in this process when there is no Redis. A key is the
 * hash of the id in the cookie. When Redis lost the state or is unavailable, the store rebuilds it from the
 * session's row. That is safe, because each request asks Postgres about the session anyway.
 *
 * It has no `touch` on purpose. Postgres decides about deadlines, and `extend` moves them in Redis.
 */
export class SessionStore extends Store {
  readonly #backend: Store;
  readonly #redis: Redis | undefined;
  readonly #prefix: string;
  readonly #db: Database;
  readonly #log: Logger;
  readonly #pendingRevocations: PendingRevocations;
  readonly #saved = new WeakMap<SessionData, string>();

  constructor({ db, redis, prefix, log, secrets, pendingRevocations }: Options) {
    super();
    this.#pendingRevocations = pendingRevocations;
    this.#redis = redis;
    this.#prefix = prefix;
    this.#db = db;
    this.#log = log;
    this.#backend = redis
      ? new RedisStore({
          client: redis,
          prefix,
          disableTouch: true,
          ttl: secondsLeft,
          serializer: createEncryptedSerializer(secrets) as Serializer,
        })
      : new MemoryStore();
  }

  override get(id: string, callback: Callback<SessionData>): void {
    const key = hashSessionId(id);
    this.#backend.get(key, (error: unknown, data?: SessionData | null) => {
      const { boundTo, ...state } = data ?? {};
      if (boundTo === key && !this.#pendingRevocations.hasLocal(key))
        return callback(null, state as SessionData);
      const isForged = Boolean(data && boundTo !== key) || error instanceof DecryptionError;
      const isUnavailable = Boolean(error) && !isForged;
      if (isUnavailable)
        this.#log.warn({ reason: String(error) }, 'session state is unavailable: asking Postgres');
      this.#rebuild(key, { isForged, isUnavailable }).then((state) => callback(null, state), callback);
    });
  }

  override set(id: string, data: SessionData, callback: Callback<never> = () => undefined): void {
    // express-session saves a session again when the answer goes out, if only because it moved the cookie's
    // deadline. That second save is skipped, or it would bring back a session that has ended meanwhile.
    const state = JSON.stringify({ ...data, cookie: undefined });
    if (this.#saved.get(data) === state) callback(null);
    else
      this.#write(hashSessionId(id), data, (error) => {
        if (!error) this.#saved.set(data, state);
        callback(error);
      });
  }

  override destroy(id: string, callback: Callback<never> = () => undefined): void {
    this.#backend.destroy(hashSessionId(id), (error: unknown) => {
      // A key that stays lets nobody in, because Postgres decides. Redis deletes it at its deadline.
      if (error) this.#log.warn({ reason: String(error) }, 'session state could not be deleted');
      callback(null);
    });
  }

  /** Deletes the state of sessions that have ended in Postgres, by the hashes of their ids. */
  async deleteByHash(accessTokenHashes: string[]): Promise<void> {
    for (const key of accessTokenHashes)
      await new Promise<void>((resolve) => this.#backend.destroy(key, () => resolve()));
  }

  /** Makes Redis keep a session's state until its new deadline. */
  async extend(id: string, deadline: Date): Promise<void> {
    const key = this.#prefix + hashSessionId(id);
    await this.#redis?.pexpireat(key, deadline.getTime()).catch(() => undefined);
  }

  // It also rebuilds an ended session, so that its holder learns why it ended. The session validator lets
  // nobody in.
  async #rebuild(
    accessTokenHash: string,
    { isForged, isUnavailable }: { isForged: boolean; isUnavailable: boolean },
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
    const state = { userId: row.userId, until: row.idleExpiresAt.getTime(), cookie: new Cookie() };
    // An id from before a rotation lets nobody in. It is not a guess either, so it counts as ended, not as
    // unknown.
    const isLive = row.accessTokenHash === accessTokenHash && row.status === 'active';
    if (!isLive || (await this.#endIfRevoked(accessTokenHash))) return { ...state, ended: true };
    if (isUnavailable) return state;
    const isWritten = await new Promise((resolve) => {
      this.#write(accessTokenHash, state, (error) => resolve(!error));
    });
    const kind = isForged ? 'tampered' : 'rebuilt';
    if (isWritten) await recordEvent(this.#db, { kind, userId: row.userId, sessionId: row.id });
    return state;
  }

  async #endIfRevoked(accessTokenHash: string): Promise<boolean> {
    if (!(await this.#pendingRevocations.has(accessTokenHash))) return false;
    await this.#pendingRevocations.flush(this.#db);
    await this.deleteByHash([accessTokenHash]);
    return true;
  }

  // The key is encrypted together with the state, so that the state is not accepted under another key.
  #write(key: string, data: SessionData, callback: Callback<never>): void {
    this.#backend.set(key, { ...data, boundTo: key }, callback);
  }
}

function secondsLeft(data: SessionData): number {
  return Math.max(Math.ceil((data.until - Date.now()) / 1000), 1);
}
