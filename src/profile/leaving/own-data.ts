import { sql } from 'kysely';
import { eventsOf } from '../../auth/audit/hash-chain.js';
import type { User } from '../../auth/sessions/session-validator.js';
import type { Database } from '../../database.js';
import { readOwnTopics } from './own-topics.js';

/** All data of a user. It contains no hash, and no token that gives access. */
interface OwnData {
  userId: number;
  username: string;
  role: string;
  memberSince: string;
  votes: OwnVote[];
  sessions: object[];
  events: object[];
  /** The user's links to lists, without their addresses. */
  shares: object[];
  /** The things that the user proposed, those that they flagged, and those that they added. */
  suggestions: object[];
  flags: object[];
  things: object[];
  /** The user's roles in topics, the links that they made for others, and what they did to topics. */
  topicRoles: object[];
  roleLinks: object[];
  topicEvents: object[];
  /** The topics that the user was invited to, and the invitations to the site that they made or used. */
  invitations: object[];
  siteInvitations: object[];
}

/** A vote of the user, with names instead of ids. */
interface OwnVote {
  topic: string;
  left: string;
  right: string;
  outcome: string;
  /** The side that the user did not know. */
  unknown: string | null;
  at: string;
  withdrawnAt: string | null;
  /** The note that the user left with it. */
  note: string | null;
}

/** Reads all data of a user. test/profile/own-data.test.ts compares it with the tables. */
export async function readOwnData(db: Database, user: User): Promise<OwnData> {
  const { id: userId, username, role, createdAt } = user;
  const [votes, sessions, events, shares] = await Promise.all([
    readOwnVotes(db, userId),
    readOwnSessions(db, userId),
    eventsOf(db, userId),
    readOwnShares(db, userId),
  ]);
  return {
    ...{ userId, username, role, memberSince: createdAt.toISOString() },
    ...{ votes, sessions, events, shares, ...(await readOwnTopics(db, userId)) },
  };
}

/** Reads a user's votes, oldest first. */
export async function readOwnVotes(db: Database, userId: number): Promise<OwnVote[]> {
  const { rows } = await sql<Omit<OwnVote, 'at' | 'withdrawnAt'> & { at: Date; withdrawnAt: Date | null }>`
    select topics.title as topic, l.name as "left", r.name as "right", outcome, "unknown", votes.created_at as at,
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

/** Reads a user's links, also those that have ended, with the things that each shows. */
async function readOwnShares(db: Database, userId: number): Promise<object[]> {
  const { rows } = await sql<object>`
    select title as topic, is_named, shares.votes, shares.created_at, ended_at,
      array(select name from shared_things join things on things.id = thing_id
        where share_id = shares.id order by rank) as things
    from shares join topics on topics.id = topic_id where user_id = ${userId} order by shares.id`.execute(db);
  return rows;
}
