import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Weight } from '../ranking/math/vote-weight.js';
import {
  type OthersCounts,
  othersCountsSql,
  type PairCount,
  toPairCount,
} from '../ranking/ranker/pair-counts.js';
import type { Outcome, Side, Strategy, WeightReason } from '../schema.js';
import { statement } from '../statement.js';
import { isAdmittedSql } from './takes-votes.js';

/** A vote in the ledger. */
export interface Vote {
  id: number;
  ballotId: string;
  topicId: number;
  leftId: number;
  rightId: number;
  outcome: Outcome;
  unknown: Side | null;
  strategy: Strategy;
  /** Whether it is that of a guest of a public topic. It counts only after the guest registers or logs in. */
  provisional: boolean;
  createdAt: Date;
  withdrawnAt: Date | null;
}

/**
 * A voter's answer to a pair: one of the two, about the same, skip, or skip because one is unknown to them.
 */
export interface Answer {
  outcome: Outcome;
  unknown: Side | null;
  /** A line for the organisers, or also for the teams; absent in most votes. */
  note?: string | undefined;
}

/** Reads the answer that a button sends; undefined when there is no such button. */
export function readAnswer(choice: string): Answer | undefined {
  if (choice === 'unknown-left') return { outcome: 'skip', unknown: 'left' };
  if (choice === 'unknown-right') return { outcome: 'skip', unknown: 'right' };
  const outcome = (['left', 'right', 'tie', 'skip'] as const).find((value) => value === choice);
  return outcome && { outcome, unknown: null };
}

/** A voter's own vote, with its weight and the answers of others. */
export interface KnownVote {
  vote: Vote;
  /** Its weight; undefined when the ranker has not weighed it yet. */
  weight: Weight | undefined;
  /** How all others answered the pair, as far as the pair counts go. */
  others: PairCount | undefined;
  /** Whether its voter has left a note with it. */
  hasNote: boolean;
}

/** A voter and one of their ballots. */
export interface VoteKey {
  voterId: number;
  ballotId: string;
}

/**
 * Finds votes with their details, all in one statement.
 * @returns the votes by their keys, without those that do not exist or are someone else's
 */
export async function findKnownVotes(db: Database, keys: VoteKey[]): Promise<Map<VoteKey, KnownVote>> {
  const asked = keys.filter(({ ballotId }) => isUuid(ballotId));
  if (asked.length === 0) return new Map();
  const rows = await selectKnownVotes(
    db,
    asked.map(({ ballotId }) => ballotId),
    asked.map(({ voterId }) => voterId),
  );
  return new Map(
    rows.map(({ number, isFolded, weight, reason, low, high, others, hasNote, ...vote }) => [
      asked[number - 1] as VoteKey,
      {
        vote,
        weight: weight !== null && reason ? { weight, reason } : isFolded ? { weight: 1 } : undefined,
        others: others ? toPairCount({ low, high }, others) : undefined,
        hasNote,
      },
    ]),
  );
}

interface KnownVoteRow extends Vote {
  /** The number of the key, from 1. */
  number: number;
  isFolded: boolean;
  weight: number | null;
  reason: WeightReason | null;
  low: number;
  high: number;
  others: OthersCounts | null;
  hasNote: boolean;
}

// "offset 0" has Postgres look up each ballot by the index, also when its statistics are old.
const selectKnownVotes = statement<KnownVoteRow>(`
  select number, votes.id, ballot_id, topic_id, left_id, right_id, outcome, "unknown", strategy, provisional, created_at,
    withdrawn_at, (votes.xid, votes.id) <= (position.xid, position.id) as is_folded, weight, reason,
    least(left_id, right_id) as low, greatest(left_id, right_id) as high,
    exists (select from vote_notes where vote_id = votes.id) as has_note,
    ${othersCountsSql({
      voter: 'votes.voter_id',
      low: 'least(votes.left_id, votes.right_id)',
      high: 'greatest(votes.left_id, votes.right_id)',
    })} as others
  from unnest($1::uuid[], $2::bigint[]) with ordinality as asked (ballot, voter, number)
  cross join lateral (select * from votes where ballot_id = ballot and voter_id = voter offset 0) as votes
  cross join ranker_position as position left join vote_weights on vote_id = votes.id`);

/** Finds a voter's own vote by its ballot; undefined when there is none or it is someone else's. */
export async function findVote(db: Database, voterId: number, ballotId: string): Promise<Vote | undefined> {
  if (!isUuid(ballotId)) return undefined;
  const { rows } = await sql<Vote>`
    select ${columns} from votes where ballot_id = ${ballotId}::uuid and voter_id = ${voterId}`.execute(db);
  return rows[0];
}

/** Finds a voter's standing answer to two things, on any sides; undefined when there is none. */
export async function findAnswer(
  db: Database,
  voterId: number,
  { leftId, rightId }: Pick<Vote, 'leftId' | 'rightId'>,
): Promise<Vote | undefined> {
  const { rows } = await sql<Vote>`
    select ${columns} from votes
    where voter_id = ${voterId} and withdrawn_at is null
      and least(left_id, right_id) = ${Math.min(leftId, rightId)}
      and greatest(left_id, right_id) = ${Math.max(leftId, rightId)}`.execute(db);
  return rows[0];
}

/**
 * Withdraws a voter's own vote. The ledger marks it, and the ranker removes it from the ratings. After its
 * topic has closed, or when the voter's invitation has ended, the vote stays as it is.
 * @param ballotId the vote's ballot; without it, the voter's latest standing vote
 * @returns the withdrawn vote, also when it was withdrawn before; the vote as it stands, when it stays; undefined when
 * there is none
 */
export async function withdrawVote(
  db: Database,
  voterId: number,
  ballotId?: string,
): Promise<Vote | undefined> {
  if (ballotId !== undefined && !isUuid(ballotId)) return undefined;
  const condition = ballotId
    ? sql`ballot_id = ${ballotId}::uuid`
    : sql`id = (select id from votes where voter_id = ${voterId} and withdrawn_at is null order by id desc limit 1)`;
  const { rows } = await sql<Vote>`
    update votes set withdrawn_at = now()
    where voter_id = ${voterId} and withdrawn_at is null and ${condition}
      and exists (select from topics where topics.id = topic_id
        and topic_phase(phase, opens_at, closes_at, now()) in ('open', 'paused')
        and ${isAdmitted})
    returning ${columns}`.execute(db);
  return rows[0] ?? (ballotId ? findVote(db, voterId, ballotId) : findLatest(db, voterId));
}

const isAdmitted = sql.raw(isAdmittedSql({ topic: 'votes.topic_id', voter: 'votes.voter_id' }));

async function findLatest(db: Database, voterId: number): Promise<Vote | undefined> {
  const { rows } = await sql<Vote>`
    select ${columns} from votes where voter_id = ${voterId} and withdrawn_at is null
    order by id desc limit 1`.execute(db);
  return rows[0];
}

/** Withdraws all votes of a voter, but those by an invitation that has ended: these are those of its place. */
export async function withdrawVotes(db: Database, voterId: number): Promise<void> {
  await sql`
    update votes set withdrawn_at = now() where voter_id = ${voterId} and withdrawn_at is null
      and exists (select from topics where topics.id = topic_id and ${isAdmitted})`.execute(db);
}

const columns = sql.raw(
  'id, ballot_id, topic_id, left_id, right_id, outcome, unknown, strategy, provisional, created_at, withdrawn_at',
);

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
