import { sql } from 'kysely';
import { eventsOf } from '../../auth/audit/hash-chain.js';
import { findAddress } from '../../auth/email/addresses.js';
import { listPasskeys } from '../../auth/passkeys/passkeys.js';
import { findRecoveryCode } from '../../auth/recovery/recovery-code.js';
import type { User } from '../../auth/sessions/session-validator.js';
import { listFormerNames } from '../../auth/users/rename.js';
import type { Database } from '../../database.js';
import { sharesOf } from '../sharing/shares.js';

/** All data of a user. It contains no hash, and no token that gives access. */
interface OwnData {
  userId: number;
  username: string;
  memberSince: string;
  votes: OwnVote[];
  sessions: object[];
  events: object[];
  /** The user's open links to lists, without their addresses. */
  shares: object[];
  /** The things that the user proposed, and those that they flagged. */
  suggestions: object[];
  flags: object[];
  /** The ways into the account beside the password, without keys and hashes. */
  access: object;
}

/** A vote of the user, with names instead of ids. */
interface OwnVote {
  topic: string;
  left: string;
  right: string;
  outcome: string;
  at: string;
  withdrawnAt: string | null;
  /** The note that the user left with it. */
  note: string | null;
}

/**
 * Reads all data of a user: votes, also the withdrawn ones, sessions, their events, shared links, suggestions, flags,
 * passkeys, former names and the e-mail address.
 */
export async function readOwnData(db: Database, user: User): Promise<OwnData> {
  const [votes, sessions, events, shares, suggestions, flags, access] = await Promise.all([
    readOwnVotes(db, user.id),
    readOwnSessions(db, user.id),
    eventsOf(db, user.id),
    sharesOf(db, user.id),
    readOwnSuggestions(db, user.id),
    readOwnFlags(db, user.id),
    readOwnAccess(db, user.id),
  ]);
  const { id: userId, username, createdAt } = user;
  return {
    userId,
    username,
    memberSince: createdAt.toISOString(),
    votes,
    sessions,
    events,
    shares: shares.map(({ token, ...share }) => share),
    suggestions,
    flags,
    access,
  };
}

/** Reads a user's votes, oldest first. */
export async function readOwnVotes(db: Database, userId: number): Promise<OwnVote[]> {
  const { rows } = await sql<Omit<OwnVote, 'at' | 'withdrawnAt'> & { at: Date; withdrawnAt: Date | null }>`
    select topics.title as topic, l.name as "left", r.name as "right", outcome, votes.created_at as at,
      withdrawn_at, note
    from votes join things as l on l.id = left_id join things as r on r.id = right_id
      join topics on topics.id = votes.topic_id left join vote_notes on vote_id = votes.id
    where voter_id = ${userId} order by votes.id`.execute(db);
  return rows.map(({ at, withdrawnAt, ...vote }) => ({
    ...vote,
    at: at.toISOString(),
    withdrawnAt: withdrawnAt?.toISOString() ?? null,
  }));
}

/** Reads what a user proposed, and what became of it. */
function readOwnSuggestions(db: Database, userId: number): Promise<object[]> {
  return db
    .selectFrom('suggestions')
    .where('voterId', '=', userId)
    .select(['topicId', 'name', 'description', 'link', 'createdAt', 'decidedAt', 'decision', 'reason'])
    .orderBy('id')
    .execute();
}

/** Reads what a user found wrong with things. */
function readOwnFlags(db: Database, userId: number): Promise<object[]> {
  return db
    .selectFrom('flags')
    .where('voterId', '=', userId)
    .select(['topicId', 'thingId', 'reason', 'createdAt', 'decidedAt'])
    .orderBy('id')
    .execute();
}

/** Reads how a user gets in beside the password, and which names are kept for them. */
async function readOwnAccess(db: Database, userId: number): Promise<object> {
  const [passkeys, recoveryCode, formerNames, email] = await Promise.all([
    listPasskeys(db, userId),
    findRecoveryCode(db, userId),
    listFormerNames(db, userId),
    findAddress(db, userId),
  ]);
  return { passkeys, recoveryCodeMade: recoveryCode?.createdAt, formerNames, email };
}

function readOwnSessions(db: Database, userId: number): Promise<object[]> {
  return db
    .selectFrom('sessions')
    .where('userId', '=', userId)
    .select([
      'id',
      'publicId',
      'device',
      'address',
      'createdAt',
      'lastSeenAt',
      'expiresAt',
      'endedAt',
      'endReason',
    ])
    .orderBy('id')
    .execute();
}
