import { Batcher } from '../batcher.js';
import type { Database } from '../database.js';
import { countOf, type Others, othersOf, type PairCount } from '../ranking/ranker/pair-counts.js';
import { statement } from '../statement.js';
import { BALLOT_LIFETIME, type Ballot } from './ballot.js';
import { type Open, sortOpen } from './open-pairs.js';
import type { Pair } from './pairs.js';
import { type Answer, findAnswer, findVote, type Vote } from './voting.js';

/**
 * What became of a vote: it was written down now; it had been (the same ballot sent again); the voter had
 * answered this pair on another ballot, and that answer stands; or one of the things is gone. `isAgain` says whether they
 * had answered the pair before and taken that back, and `open` which pairs may come next.
 */
export type Cast =
  | { status: 'cast'; vote: Vote; isAgain: boolean; open: Open; others: PairCount | undefined }
  | { status: 'repeated' | 'answered'; vote: Vote }
  | { status: 'gone'; vote?: undefined };

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
      const { id: ballotId, topicId, leftId, rightId, strategy, isGuest } = ballot;
      const { id, createdAt, isAgain, open, others } = row;
      const vote = {
        id,
        ballotId,
        topicId,
        leftId,
        rightId,
        strategy,
        provisional: isGuest,
        ...answer,
        createdAt,
        withdrawnAt: null,
      };
      const [low, high] = [Math.min(leftId, rightId), Math.max(leftId, rightId)];
      return {
        status: 'cast',
        vote,
        isAgain,
        open: sortOpen(candidates, due.length, open ?? []),
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
  const { id, topicId, voter, isGuest, leftId, rightId, strategy, expires } = ballot;
  return {
    index,
    ballot: id,
    topic: topicId,
    voter,
    guest: isGuest,
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
    select * from jsonb_to_recordset($1::jsonb) as given (index int, ballot uuid, topic bigint, voter bigint, guest boolean,
      one bigint, other bigint, outcome text, "unknown" text, strategy text, shown timestamptz, candidates jsonb)),
  cast_now as (
    insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, "unknown", strategy, provisional, shown_at)
    select ballot, topic, voter, one, other, outcome, "unknown", strategy, guest, shown from given
    where (select count(*) from things where topic_id = topic and id in (one, other) and retired_at is null) = 2
      and case when guest then exists (select from voters where id = voter and kind = 'guest' for key share)
        else exists (select from users where id = voter for key share) end
    order by voter, index
    on conflict do nothing
    returning id, ballot_id, created_at)
  select given.index, cast_now.id, cast_now.created_at,
    ${othersOf({ voter: 'given.voter', low: 'least(one, other)', high: 'greatest(one, other)' })} as others,
    coalesce(${earlierAnswer('given.voter', 'least(one, other)', 'greatest(one, other)')}, false) as is_again,
    (select jsonb_agg(jsonb_build_object('index', number - 1, 'wasAnswered', was_answered is not null) order by number)
      from (
        select number, ${earlierAnswer('given.voter', '(pair ->> 0)::bigint', '(pair ->> 1)::bigint')} as was_answered, (
          select true from votes where voter_id = given.voter and withdrawn_at is null
            and least(left_id, right_id) = (pair ->> 0)::bigint and greatest(left_id, right_id) = (pair ->> 1)::bigint
          limit 1) as is_answered
        from jsonb_array_elements(candidates) with ordinality as candidate (pair, number)
      ) as candidates where is_answered is null) as open
  from given left join cast_now on cast_now.ballot_id = ballot`);
