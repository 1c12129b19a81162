import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Weight } from '../ranking/math/vote-weight.js';
import { countOf, type Others, othersOf, type PairCount } from '../ranking/ranker/pair-counts.js';
import type { Outcome, Side, Strategy, WeightReason } from '../schema.js';
import { statement } from '../statement.js';

/** A vote as the ledger has it. */
export interface Vote {
  id: number;
  ballotId: string;
  topicId: number;
  leftId: number;
  rightId: number;
  outcome: Outcome;
  unknown: Side | null;
  strategy: Strategy;
  /** Whether it is a guest's, and counts only when they register or log in. */
  provisional: boolean;
  createdAt: Date;
  withdrawnAt: Date | null;
}

/** What a voter says of a pair: one, about the same, skip, or skip because they don't know one of the two. */
export interface Answer {
  outcome: Outcome;
  unknown: Side | null;
}

/** Reads the answer that a button stands for; undefined when there is no such button. */
export function readAnswer(choice: string): Answer | undefined {
  if (choice === 'unknown-left') return { outcome: 'skip', unknown: 'left' };
  if (choice === 'unknown-right') return { outcome: 'skip', unknown: 'right' };
  const outcome = (['left', 'right', 'tie', 'skip'] as const).find((known) => known === choice);
  return outcome && { outcome, unknown: null };
}

/** A voter's own vote, and what is known of it. */
export interface KnownVote {
  vote: Vote;
  /** How much it counts; undefined when the ranker has not weighed it yet. */
  weight: Weight | undefined;
  /** How everybody else answered the pair, as far as the pair counts go. */
  others: PairCount | undefined;
}

/** A voter's own vote with what is known of it, by its ballot; undefined when there is none, or it is someone else's. */
export async function findKnownVote(
  db: Database,
  voter: number,
  ballotId: string,
): Promise<KnownVote | undefined> {
  if (!isUuid(ballotId)) return undefined;
  const [row] = await selectKnownVote(db, ballotId, voter);
  if (!row) return undefined;
  const { isFolded, weight, reason, low, high, others, ...vote } = row;
  return {
    vote,
    weight: weight !== null && reason ? { weight, reason } : isFolded ? { weight: 1 } : undefined,
    others: others ? countOf({ low, high }, others) : undefined,
  };
}

const selectKnownVote = statement<
  Vote & {
    isFolded: boolean;
    weight: number | null;
    reason: WeightReason | null;
    low: number;
    high: number;
    others: Others | null;
  }
>(`
  select votes.id, ballot_id, topic_id, left_id, right_id, outcome, "unknown", strategy, provisional, created_at, withdrawn_at,
    (votes.xid, votes.id) <= (position.xid, position.id) as is_folded, weight, reason,
    least(left_id, right_id) as low, greatest(left_id, right_id) as high,
    ${othersOf({
      voter: 'votes.voter_id',
      low: 'least(votes.left_id, votes.right_id)',
      high: 'greatest(votes.left_id, votes.right_id)',
    })} as others
  from votes cross join ranker_position as position left join vote_weights on vote_id = votes.id
  where ballot_id = $1::uuid and votes.voter_id = $2`);

/** A voter's own vote, by its ballot; undefined when there is none, or it is someone else's. */
export async function findVote(db: Database, voter: number, ballotId: string): Promise<Vote | undefined> {
  if (!isUuid(ballotId)) return undefined;
  const { rows } = await sql<Vote>`
    select ${columns} from votes where ballot_id = ${ballotId}::uuid and voter_id = ${voter}`.execute(db);
  return rows[0];
}

/** A voter's answer to two things as it stands now, on whichever sides they were; undefined when there is none. */
export async function findAnswer(
  db: Database,
  voter: number,
  { leftId, rightId }: Pick<Vote, 'leftId' | 'rightId'>,
): Promise<Vote | undefined> {
  const { rows } = await sql<Vote>`
    select ${columns} from votes
    where voter_id = ${voter} and withdrawn_at is null
      and least(left_id, right_id) = ${Math.min(leftId, rightId)}
      and greatest(left_id, right_id) = ${Math.max(leftId, rightId)}`.execute(db);
  return rows[0];
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
    : sql`id = (select id from votes where voter_id = ${voter} and withdrawn_at is null order by id desc limit 1)`;
  const { rows } = await sql<Vote>`
    update votes set withdrawn_at = now()
    where voter_id = ${voter} and withdrawn_at is null and ${which}
    returning ${columns}`.execute(db);
  return rows[0] ?? (ballotId ? findVote(db, voter, ballotId) : undefined);
}

/** Takes back all votes of a voter. @returns how many stood */
export async function withdrawVotes(db: Database, voter: number): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    update votes set withdrawn_at = now() where voter_id = ${voter} and withdrawn_at is null returning id`.execute(
    db,
  );
  return rows.length;
}

const columns = sql.raw(
  'id, ballot_id, topic_id, left_id, right_id, outcome, unknown, strategy, provisional, created_at, withdrawn_at',
);

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
