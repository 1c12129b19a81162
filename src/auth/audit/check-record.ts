import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { type Break, verifyChains } from './hash-chain.js';

/** What a check of the record of events found. */
export interface RecordCheck {
  at: Date;
  /** Number of events and of chains that it read. */
  events: number;
  chains: number;
  /** The newest event that it saw; null when there was none. */
  lastEventId: number | null;
  /** The first thing that is wrong; null when the record is whole. */
  finding: string | null;
}

/** Recomputes all chains of events, and keeps what was found. */
export async function checkRecord(db: Database): Promise<RecordCheck> {
  const { rows } = await sql<{ id: number | null }>`select max(id) as id from session_events`.execute(db);
  const { events, chains, broken } = await verifyChains(db);
  const finding = broken ? await describeBreak(db, broken) : null;
  return db
    .insertInto('auditChecks')
    .values({ events, chains, lastEventId: rows[0]?.id ?? null, finding })
    .returning(['at', 'events', 'chains', 'lastEventId', 'finding'])
    .executeTakeFirstOrThrow();
}

/** Finds the newest check; undefined before the first one. */
export async function latestCheck(db: Database): Promise<RecordCheck | undefined> {
  return db
    .selectFrom('auditChecks')
    .select(['at', 'events', 'chains', 'lastEventId', 'finding'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

async function describeBreak(db: Database, { userId, sequence, finding }: Break): Promise<string> {
  const event = sequence === undefined ? '' : `event ${sequence} of `;
  if (userId === null) return `${event}nobody in particular ${finding}`;
  const user = await db.selectFrom('users').where('id', '=', userId).select('username').executeTakeFirst();
  return `${event}${user?.username ?? 'somebody'} (person ${userId}) ${finding}`;
}
