import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database.js';
import type { Outcome, Side, Strategy } from '../schema.js';
import { BALLOT_LIFETIME, type Ballot } from './ballot.js';

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
  | { status: 'cast' | 'repeated' | 'answered'; vote: Vote }
  | { status: 'gone'; vote?: undefined };

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

/** Writes a vote into the ledger, where it counts once however often its ballot is sent. The ranker weighs it. */
export async function castVote(db: Database, ballot: Ballot, answer: Answer): Promise<Cast> {
  const cast = await tryToCast(db, ballot, answer);
  // An earlier answer may have been taken back between the insert it stood in the way of and the look for it.
  return cast.status === 'gone' ? tryToCast(db, ballot, answer) : cast;
}

async function tryToCast(db: Database, ballot: Ballot, { outcome, unknown }: Answer): Promise<Cast> {
  const { id, topicId, voter, leftId, rightId, strategy, expires } = ballot;
  const { rows } = await sql<Vote>`
    insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, unknown, strategy, shown_at)
    select ${id}::uuid, topic_id, ${voter}::bigint, ${leftId}::bigint, ${rightId}::bigint, ${outcome}, ${unknown},
      ${strategy}, ${expires ? new Date((expires - BALLOT_LIFETIME) * 1_000) : null}::timestamptz
    from things
    where topic_id = ${topicId} and id in (${leftId}, ${rightId}) and retired_at is null
      and exists (select from users where id = ${voter} for key share)
    group by topic_id having count(*) = 2
    on conflict do nothing
    returning ${columns}`.execute(db);
  if (rows[0]) return { status: 'cast', vote: rows[0] };

  const repeated = await findVote(db, ballot.voter, ballot.id);
  if (repeated) return { status: 'repeated', vote: repeated };
  const answered = await findAnswer(db, ballot.voter, ballot);
  return answered ? { status: 'answered', vote: answered } : { status: 'gone' };
}

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

/** Where a voter is in a topic. */
export interface Progress {
  /**
   * Their latest answers there to pairs that came in their turn, newest first, withdrawn ones and skips among them.
   * What was taken back and given again is where it was given first.
   */
  recent: (Pick<Vote, 'id' | 'leftId' | 'rightId' | 'strategy'> & { isWithdrawn: boolean })[];
  /** Things there that they say they don't know. */
  unknown: number[];
  /** How many votes of theirs are of today (UTC), in all topics, skips left out. */
  today: number;
}

/** Reads where a voter is in a topic, in one query. @param limit how many of the latest votes */
export async function readProgress(
  db: Database,
  voter: number,
  topicId: number,
  limit: number,
): Promise<Progress> {
  const { rows } = await sql<Progress>`
    select (
      select coalesce(json_agg(json_build_object('id', id, 'leftId', left_id, 'rightId', right_id, 'strategy', strategy,
        'isWithdrawn', withdrawn_at is not null) order by id desc), '[]')
      from (select * from votes
            where voter_id = ${voter} and topic_id = ${topicId} and strategy not in ('asked', 'common')
              and not exists (select from votes as earlier where earlier.voter_id = votes.voter_id
                and earlier.withdrawn_at is not null and earlier.strategy <> 'asked' and earlier.id < votes.id
                and ${areOfOnePair('earlier', 'votes')})
            order by id desc limit ${limit}) as latest) as recent,
    array(
      select case unknown when 'left' then left_id else right_id end from votes
      where voter_id = ${voter} and topic_id = ${topicId} and unknown is not null and withdrawn_at is null
    )::float8[] as unknown,
    (select count(*)::int from votes
     where voter_id = ${voter} and withdrawn_at is null and outcome <> 'skip'
       and created_at >= date_trunc('day', now() at time zone 'utc') at time zone 'utc') as today`.execute(
    db,
  );
  return rows[0] ?? { recent: [], unknown: [], today: 0 };
}

function areOfOnePair(one: string, other: string): RawBuilder<unknown> {
  return sql.raw(`least(${one}.left_id, ${one}.right_id) = least(${other}.left_id, ${other}.right_id)
    and greatest(${one}.left_id, ${one}.right_id) = greatest(${other}.left_id, ${other}.right_id)`);
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
