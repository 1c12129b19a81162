import { sql } from 'kysely';
import { Batcher } from '../batcher.js';
import type { Database } from '../database.js';
import { countOf, type Others, othersOf, type PairCount } from '../ranking/pair-counts.js';
import type { Weight } from '../rating/vote-weight.js';
import type { Outcome, Side, Strategy, WeightReason } from '../schema.js';
import { statement } from '../statement.js';
import { BALLOT_LIFETIME, type Ballot } from './ballot.js';
import type { Pair } from './pairs.js';
import { sortOpen } from './past.js';

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
  createdAt: Date;
  withdrawnAt: Date | null;
}

/**
 * What became of a vote: it was written down now; it had been (the same ballot sent again); the voter had
 * answered this pair on another ballot, and that answer stands; or one of the things is gone.
 */
export type Cast =
  | { status: 'cast'; vote: Vote; open: Open; others: PairCount | undefined }
  | { status: 'repeated' | 'answered'; vote: Vote }
  | { status: 'gone'; vote?: undefined };

/** Of the pairs that may come next, those that the voter has not answered. */
export interface Open {
  /** From their queue. */
  due: Pair[];
  /** Drawn just now. */
  drawn: Pair[];
  /** Whether they had answered the pair before that they have answered now. */
  isAgain: boolean;
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

/**
 * Writes votes into the ledger, where each counts once however often its ballot is sent. The ranker weighs it. Votes
 * that arrive together are one statement.
 */
export class BallotBox {
  readonly #db: Database;
  readonly #casts: Batcher<Casting, CastRow>;

  constructor(db: Database) {
    this.#db = db;
    this.#casts = new Batcher(async (castings) => {
      const rows = await insertVotes(db, JSON.stringify(castings.map(rowOf)));
      return new Map(
        rows.flatMap((row) => {
          const casting = castings[row.index];
          return casting ? [[casting, row]] : [];
        }),
      );
    });
  }

  /**
   * Casts a vote.
   * @param candidates what may come after it, for `Cast.open`
   */
  async cast(
    ballot: Ballot,
    answer: Answer,
    candidates = { due: [] as Pair[], drawn: [] as Pair[] },
  ): Promise<Cast> {
    const cast = await this.#tryToCast(ballot, answer, candidates);
    // An earlier answer may have been taken back between the insert it stood in the way of and the look for it.
    return cast.status === 'gone' ? this.#tryToCast(ballot, answer, candidates) : cast;
  }

  async #tryToCast(
    ballot: Ballot,
    answer: Answer,
    { due, drawn }: { due: Pair[]; drawn: Pair[] },
  ): Promise<Cast> {
    const candidates = [...due, ...drawn];
    const row = await this.#casts.ask({ ballot, answer, candidates });
    if (row?.id) {
      const { id: ballotId, topicId, leftId, rightId, strategy } = ballot;
      const { id, createdAt, isAgain, open, others } = row;
      const vote = {
        id,
        ballotId,
        topicId,
        leftId,
        rightId,
        strategy,
        ...answer,
        createdAt,
        withdrawnAt: null,
      };
      const [low, high] = [Math.min(leftId, rightId), Math.max(leftId, rightId)];
      return {
        status: 'cast',
        vote,
        open: { ...sortOpen(candidates, due.length, open ?? []), isAgain },
        others: others ? countOf({ low, high }, others) : undefined,
      };
    }
    const repeated = await findVote(this.#db, ballot.voter, ballot.id);
    if (repeated) return { status: 'repeated', vote: repeated };
    const answered = await findAnswer(this.#db, ballot.voter, ballot);
    return answered ? { status: 'answered', vote: answered } : { status: 'gone' };
  }
}

interface Casting {
  ballot: Ballot;
  answer: Answer;
  candidates: Pair[];
}

function rowOf({ ballot, answer, candidates }: Casting, index: number): object {
  const { id, topicId, voter, leftId, rightId, strategy, expires } = ballot;
  return {
    index,
    ballot: id,
    topic: topicId,
    voter,
    one: leftId,
    other: rightId,
    ...answer,
    strategy,
    shown: expires ? new Date((expires - BALLOT_LIFETIME) * 1_000) : null,
    candidates: candidates.map((pair) => [pair.leftId, pair.rightId].sort((low, high) => low - high)),
  };
}

interface CastRow {
  index: number;
  /** Null when nothing was written. */
  id: number | null;
  createdAt: Date;
  isAgain: boolean;
  /** How others answered the pair, as far as the pair counts go; null when it has none. */
  others: Others | null;
  /** Which of the candidates the voter has not answered, by index. */
  open: { index: number; wasAnswered: boolean }[] | null;
}

// Subqueries of one value, which Postgres can't turn into a join that reads all votes.
const earlierAnswer = (voter: string, low: string, high: string): string => `(
  select true from votes where voter_id = ${voter} and withdrawn_at is not null and votes.strategy <> 'asked'
    and least(left_id, right_id) = ${low} and greatest(left_id, right_id) = ${high} limit 1)`;

const insertVotes = statement<CastRow>(`
  with given as materialized (
    select * from jsonb_to_recordset($1::jsonb) as given (index int, ballot uuid, topic bigint, voter bigint, one bigint,
      other bigint, outcome text, "unknown" text, strategy text, shown timestamptz, candidates jsonb)),
  cast_now as (
    insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, "unknown", strategy, shown_at)
    select ballot, topic, voter, one, other, outcome, "unknown", strategy, shown from given
    where (select count(*) from things where topic_id = topic and id in (one, other) and retired_at is null) = 2
      and exists (select from users where id = voter for key share)
    order by voter, index
    on conflict do nothing
    returning id, ballot_id, created_at)
  select given.index, cast_now.id, cast_now.created_at,
    ${othersOf({ voter: 'given.voter', low: 'least(one, other)', high: 'greatest(one, other)' })} as others,
    coalesce(${earlierAnswer('given.voter', 'least(one, other)', 'greatest(one, other)')}, false) as is_again,
    (select jsonb_agg(jsonb_build_object('index', place - 1, 'wasAnswered', was_answered is not null) order by place)
      from (
        select place, ${earlierAnswer('given.voter', '(pair ->> 0)::bigint', '(pair ->> 1)::bigint')} as was_answered, (
          select true from votes where voter_id = given.voter and withdrawn_at is null
            and least(left_id, right_id) = (pair ->> 0)::bigint and greatest(left_id, right_id) = (pair ->> 1)::bigint
          limit 1) as is_answered
        from jsonb_array_elements(candidates) with ordinality as candidate (pair, place)
      ) as candidates where is_answered is null) as open
  from given left join cast_now on cast_now.ballot_id = ballot`);

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
  select votes.id, ballot_id, topic_id, left_id, right_id, outcome, "unknown", strategy, created_at, withdrawn_at,
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
  'id, ballot_id, topic_id, left_id, right_id, outcome, unknown, strategy, created_at, withdrawn_at',
);

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
