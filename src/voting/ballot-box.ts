import { Batcher } from '../batcher.js';
import type { Database } from '../database.js';
import { votes as voteCounter } from '../metrics.js';
import {
  type OthersCounts,
  othersCountsSql,
  type PairCount,
  toPairCount,
} from '../ranking/ranker/pair-counts.js';
import { statement } from '../statement.js';
import { BALLOT_LIFETIME, type Ballot } from './ballot.js';
import { type Candidates, type OpenIndex, selectOpen } from './candidates.js';
import { hasOwnWorkSql, takesVotesSql } from './takes-votes.js';
import {
  type Answer,
  findAnswer,
  findKnownVotes,
  findVote,
  type KnownVote,
  type Vote,
  type VoteKey,
} from './voting.js';

/**
 * What happened to a vote:
 * - `cast`: it was written now. `isAgain` tells whether the voter had answered the pair before and taken that
 *   answer back. `open` has the candidates that the voter has not answered. `others` tells how others answered,
 *   as far as pair counts go. `hasNote` tells whether a note was written with it.
 * - `repeated`: the same ballot was cast before.
 * - `answered`: the voter answered this pair on another ballot. That answer stands.
 * - `gone`: a thing was taken down or is the voter's own work, the voter was deleted, or the topic does not take their votes.
 */
export type CastResult =
  | {
      status: 'cast';
      vote: Vote;
      isAgain: boolean;
      open: Candidates;
      others: PairCount | undefined;
      hasNote: boolean;
    }
  | { status: 'repeated' | 'answered'; vote: Vote }
  | { status: 'gone'; vote?: undefined };

/**
 * Writes votes into the ledger, and finds them again. Each ballot counts once, however often it is sent. Votes
 * that arrive together are written, or found, by one statement. The ranker weighs them later.
 */
export class BallotBox {
  readonly #db: Database;
  readonly #inserts: Batcher<NewVote, InsertedVote>;
  readonly #lookups: Batcher<VoteKey, KnownVote>;

  constructor(db: Database) {
    this.#db = db;
    this.#inserts = new Batcher(async (votes) => {
      const insert = votes.some(({ answer }) => answer.note) ? insertVotesWithNotes : insertVotes;
      const rows = await insert(db, JSON.stringify(votes.map(rowOf)));
      return new Map(
        rows.flatMap((row) => {
          const vote = votes[row.index];
          return vote ? [[vote, row]] : [];
        }),
      );
    });
    this.#lookups = new Batcher((keys) => findKnownVotes(db, keys));
  }

  /** Finds a voter's own vote with its details; undefined when there is none or it is someone else's. */
  find(voterId: number, ballotId: string): Promise<KnownVote | undefined> {
    return this.#lookups.load({ voterId, ballotId });
  }

  /** Casts a vote. @param candidates the pairs that may come next, for `CastResult.open` */
  async cast(ballot: Ballot, answer: Answer, candidates: Candidates): Promise<CastResult> {
    const vote = { ballot, answer, candidates };
    const result = await this.#tryToCast(vote);
    // An earlier answer can block the insert and be taken back before it is looked for. Then the vote can be
    // cast now.
    const final = result.status === 'gone' ? await this.#tryToCast(vote) : result;
    voteCounter.inc({ result: final.status });
    return final;
  }

  async #tryToCast(vote: NewVote): Promise<CastResult> {
    const row = await this.#inserts.load(vote);
    if (row?.id) return castResult(vote, row, row.id);
    const { ballot } = vote;
    const repeated = await findVote(this.#db, ballot.voterId, ballot.id);
    if (repeated) return { status: 'repeated', vote: repeated };
    const answered = await findAnswer(this.#db, ballot.voterId, ballot);
    return answered ? { status: 'answered', vote: answered } : { status: 'gone' };
  }
}

interface NewVote {
  ballot: Ballot;
  answer: Answer;
  candidates: Candidates;
}

interface InsertedVote {
  index: number;
  /** Null when nothing was written. */
  id: number | null;
  createdAt: Date;
  isAgain: boolean;
  provisional: boolean;
  hasNote: boolean;
  /** How others answered the pair, as far as pair counts go; null when it has none. */
  others: OthersCounts | null;
  /** The candidates that the voter has not answered. */
  open: OpenIndex[] | null;
}

function rowOf({ ballot, answer, candidates: { queued, drawn } }: NewVote, index: number): object {
  const { id, topicId, voterId, isGuest, leftId, rightId, strategy, expires } = ballot;
  return {
    index,
    ballot: id,
    topic: topicId,
    voter: voterId,
    guest: isGuest,
    one: leftId,
    other: rightId,
    ...answer,
    strategy,
    shown: expires ? new Date((expires - BALLOT_LIFETIME) * 1_000) : null,
    candidates: [...queued, ...drawn].map((pair) =>
      [pair.leftId, pair.rightId].sort((low, high) => low - high),
    ),
  };
}

function castResult({ ballot, answer, candidates }: NewVote, row: InsertedVote, id: number): CastResult {
  const { id: ballotId, topicId, leftId, rightId, strategy } = ballot;
  const { createdAt, isAgain, provisional, open, others, hasNote } = row;
  const { outcome, unknown } = answer;
  const [low, high] = [Math.min(leftId, rightId), Math.max(leftId, rightId)];
  return {
    status: 'cast',
    vote: {
      id,
      ballotId,
      topicId,
      leftId,
      rightId,
      strategy,
      provisional,
      ...{ outcome, unknown, createdAt, withdrawnAt: null },
    },
    isAgain,
    hasNote,
    open: selectOpen(candidates, open ?? []),
    others: others ? toPairCount({ low, high }, others) : undefined,
  };
}

// Subqueries of one value: Postgres cannot turn them into a join that reads all votes.
const earlierAnswer = (voter: string, low: string, high: string): string => `(
  select true from votes where voter_id = ${voter} and withdrawn_at is not null and votes.strategy <> 'asked'
    and least(left_id, right_id) = ${low} and greatest(left_id, right_id) = ${high} limit 1)`;

// When one ballot comes twice, only the first answer is written: the insert goes by index for each voter.
const insertsVotes = ({ notes, hasNote }: { notes: string; hasNote: string }) =>
  statement<InsertedVote>(`
  with given as materialized (
    select * from jsonb_to_recordset($1::jsonb) as given (index int, ballot uuid, topic bigint, voter bigint, guest boolean,
      one bigint, other bigint, outcome text, "unknown" text, strategy text, shown timestamptz, candidates jsonb,
      note text)),
  cast_now as (
    insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, "unknown", strategy, provisional, shown_at)
    select ballot, topic, voter, one, other, outcome, "unknown", strategy,
      guest and (select access from topics where topics.id = topic) = 'public', shown from given
    where (select count(*) from things where topic_id = topic and id in (one, other) and retired_at is null) = 2
      and ${takesVotesSql({ topic: 'given.topic', voter: 'given.voter' })}
      and not ${hasOwnWorkSql({ voter: 'given.voter', things: 'one, other' })}
      and case when guest then exists (select from voters where id = voter and kind in ('guest', 'invited') for key share)
        else exists (select from users where id = voter for key share) end
    order by voter, index
    on conflict do nothing
    returning id, ballot_id, created_at, provisional)
  ${notes}
  select given.index, cast_now.id, cast_now.created_at, cast_now.provisional, ${hasNote} as has_note,
    ${othersCountsSql({ voter: 'given.voter', low: 'least(one, other)', high: 'greatest(one, other)' })} as others,
    coalesce(${earlierAnswer('given.voter', 'least(one, other)', 'greatest(one, other)')}, false) as is_again,
    (select jsonb_agg(jsonb_build_object('index', number - 1, 'wasAnswered', was_answered is not null) order by number)
      from (
        select number, ${earlierAnswer('given.voter', '(pair ->> 0)::bigint', '(pair ->> 1)::bigint')} as was_answered, (
          select true from votes where voter_id = given.voter and withdrawn_at is null
            and least(left_id, right_id) = (pair ->> 0)::bigint and greatest(left_id, right_id) = (pair ->> 1)::bigint
          limit 1) as is_answered
        from jsonb_array_elements(candidates) with ordinality as candidate (pair, number)
      ) as candidates where is_answered is null) as open
  from given left join cast_now on cast_now.ballot_id = ballot
    and index = (select min(index) from given as same where same.ballot = given.ballot)`);

const insertVotes = insertsVotes({ notes: '', hasNote: 'false' });

const insertVotesWithNotes = insertsVotes({
  notes: `, noted as (
    insert into vote_notes (vote_id, topic_id, note, readers, is_named)
    select cast_now.id, topic, note, notes, access = 'invited'
    from cast_now join given on ballot = ballot_id join topics on topics.id = topic
    where note is not null and notes <> 'none' order by index
    on conflict do nothing
    returning vote_id)`,
  hasNote: 'exists (select from noted where vote_id = cast_now.id)',
});
