import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Arm, Outcome } from '../schema.js';
import type { Ballot } from './ballot.js';

/** A vote as the ledger has it. */
export interface Vote {
  id: number;
  ballotId: string;
  topicId: number;
  leftId: number;
  rightId: number;
  outcome: Outcome;
  arm: Arm;
  weight: number;
  weightReason: string | null;
  createdAt: Date;
  withdrawnAt: Date | null;
}

/**
 * What became of a vote: it was written down now; it had been (the same ballot sent again); the voter had
 * answered this pair on another ballot, and that answer stands; or one of the things is gone.
 */
export type Cast =
  | { status: 'cast' | 'repeated' | 'answered'; vote: Vote }
  | { status: 'gone'; vote?: undefined };

/** The answers a ballot takes. */
export const isOutcome = (choice: string): choice is Outcome =>
  ['left', 'right', 'tie', 'skip'].includes(choice);

/** Writes a vote into the ledger, where it counts once however often its ballot is sent. */
export async function castVote(db: Database, ballot: Ballot, outcome: Outcome): Promise<Cast> {
  const cast = await tryToCast(db, ballot, outcome);
  // An earlier answer may have been taken back between the insert it stood in the way of and the look for it.
  return cast.status === 'gone' ? tryToCast(db, ballot, outcome) : cast;
}

async function tryToCast(db: Database, ballot: Ballot, outcome: Outcome): Promise<Cast> {
  const { rows } = await sql<Vote>`
    insert into votes (ballot_id, topic_id, voter, left_id, right_id, outcome, arm)
    select ${ballot.id}::uuid, topic_id, ${ballot.voter}::bigint, ${ballot.leftId}::bigint,
      ${ballot.rightId}::bigint, ${outcome}, ${ballot.arm}
    from things
    where topic_id = ${ballot.topicId} and id in (${ballot.leftId}, ${ballot.rightId}) and retired_at is null
      and exists (select from users where id = ${ballot.voter} for key share)
    group by topic_id having count(*) = 2
    on conflict do nothing
    returning ${columns}`.execute(db);
  if (rows[0]) return { status: 'cast', vote: rows[0] };

  const repeated = await findVote(db, ballot.voter, ballot.id);
  if (repeated) return { status: 'repeated', vote: repeated };
  const answered = await findAnswer(db, ballot);
  return answered ? { status: 'answered', vote: answered } : { status: 'gone' };
}

/** A voter's own vote, by its ballot; undefined when there is none, or it is someone else's. */
export async function findVote(db: Database, voter: number, ballotId: string): Promise<Vote | undefined> {
  if (!isUuid(ballotId)) return undefined;
  const { rows } = await sql<Vote>`
    select ${columns} from votes where ballot_id = ${ballotId}::uuid and voter = ${voter}`.execute(db);
  return rows[0];
}

/** The last things a voter did in a topic, newest first; they may have been withdrawn since. */
export async function latestVotes(
  db: Database,
  voter: number,
  topicId: number,
  limit: number,
): Promise<Vote[]> {
  const { rows } = await sql<Vote>`
    select ${columns} from votes where voter = ${voter} and topic_id = ${topicId}
    order by id desc limit ${limit}`.execute(db);
  return rows;
}

/**
 * Takes back a voter's own vote; the ledger keeps it, marked, and the ranker forgets it.
 * @param ballotId the vote's ballot; without it, the voter's latest vote that stands
 * @returns the vote as it is now, also when it had been taken back before; undefined when there is none
 */
export async function withdrawVote(
  db: Database,
  voter: number,
  ballotId?: string,
): Promise<Vote | undefined> {
  if (ballotId !== undefined && !isUuid(ballotId)) return undefined;
  const which = ballotId
    ? sql`ballot_id = ${ballotId}::uuid`
    : sql`id = (select id from votes where voter = ${voter} and withdrawn_at is null order by id desc limit 1)`;
  const { rows } = await sql<Vote>`
    update votes set withdrawn_at = now()
    where voter = ${voter} and withdrawn_at is null and ${which}
    returning ${columns}`.execute(db);
  return rows[0] ?? (ballotId ? findVote(db, voter, ballotId) : undefined);
}

/** One of a person's votes with the names of what it was between. */
export interface NamedVote extends Vote {
  left: string;
  right: string;
  topic: string;
}

/** A voter's votes that stand, newest first. @param before the id to go on from, for the next page */
export async function votesOf(
  db: Database,
  voter: number,
  { before = Number.MAX_SAFE_INTEGER, limit = 20 } = {},
): Promise<NamedVote[]> {
  return db
    .selectFrom('votes')
    .innerJoin('things as l', 'l.id', 'votes.leftId')
    .innerJoin('things as r', 'r.id', 'votes.rightId')
    .innerJoin('topics', 'topics.id', 'votes.topicId')
    .where('voter', '=', voter)
    .where('withdrawnAt', 'is', null)
    .where('votes.id', '<', before)
    .select([
      'votes.id',
      'ballotId',
      'votes.topicId',
      'leftId',
      'rightId',
      'outcome',
      'arm',
      'weight',
      'weightReason',
    ])
    .select(['votes.createdAt', 'withdrawnAt', 'l.name as left', 'r.name as right', 'topics.title as topic'])
    .orderBy('votes.id', 'desc')
    .limit(limit)
    .execute();
}

/** How many of a voter's votes stand, skips left out. */
export async function countVotes(db: Database, voter: number): Promise<number> {
  const { votes } = await db
    .selectFrom('votes')
    .where('voter', '=', voter)
    .where('withdrawnAt', 'is', null)
    .where('outcome', '<>', 'skip')
    .select((expression) => expression.fn.countAll<number>().as('votes'))
    .executeTakeFirstOrThrow();
  return votes;
}

const columns = sql.raw(
  'id, ballot_id, topic_id, left_id, right_id, outcome, arm, weight, weight_reason, created_at, withdrawn_at',
);

async function findAnswer(db: Database, ballot: Ballot): Promise<Vote | undefined> {
  const { rows } = await sql<Vote>`
    select ${columns} from votes
    where voter = ${ballot.voter} and withdrawn_at is null
      and least(left_id, right_id) = ${Math.min(ballot.leftId, ballot.rightId)}
      and greatest(left_id, right_id) = ${Math.max(ballot.leftId, ballot.rightId)}`.execute(db);
  return rows[0];
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
