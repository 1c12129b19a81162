import { sql } from 'kysely';
import { quoted, type RowProblems } from '../../catalog/row-problems.js';
import { reportInvalidRows } from '../../catalog/staging.js';
import type { Topic } from '../../catalog/topics.js';
import type { Database, Transaction } from '../../database.js';

/**
 * Creates a ballot for each row of the file. Its id is a hash of the row's contents and of the number of
 * equal rows before it. The hash also decides on which side the winner is, so that not all imported votes say
 * "left".
 */
export async function createBallots(connection: Database, topicId: number): Promise<void> {
  await sql`create temporary table vote_ballots (row_no int, ballot_id uuid, left_id bigint, right_id bigint,
    outcome text, voter text, item text, at timestamptz)`.execute(connection);
  await sql`
    with answers as not materialized (
      select row_no, outcome, voter, item, at,
        case when outcome = 'tie' then least(winner_id, loser_id) else winner_id end as one_id,
        case when outcome = 'tie' then greatest(winner_id, loser_id) else loser_id end as other_id
      from pg_temp.vote_answers)
    insert into pg_temp.vote_ballots
    select row_no, substr(encode(hash, 'hex'), 1, 32)::uuid,
      case when get_byte(hash, 0) < 128 then one_id else other_id end,
      case when get_byte(hash, 0) < 128 then other_id else one_id end,
      case when outcome = 'tie' then 'tie' when get_byte(hash, 0) < 128 then 'left' else 'right' end,
      voter, item, at
    from (
      select *, sha256(convert_to(format('thinga import 1|%s|%s|%s|%s|%s|%s|%s%s', ${topicId}::text, one_id, other_id,
        outcome, (extract(epoch from at) * 1000000)::bigint, nth, voter, chr(31) || item), 'UTF8')) as hash
      from (
        select *, 1 as nth from answers where voter is not null -- a voter answers a pair once about each item
        union all
        select *, row_number() over (partition by one_id, other_id, outcome, at order by row_no) as nth
        from answers where voter is null
      ) as counted
      offset 0 -- else Postgres would compute the hash anew at each of its uses
    ) as hashed`.execute(connection);
  await sql`analyze pg_temp.vote_ballots`.execute(connection);
}

/** Adds a problem for each row whose voter has already answered that pair in another vote that stands. */
export async function reportEarlierAnswers(
  connection: Database,
  slug: string,
  problems: RowProblems,
): Promise<void> {
  const invalidRows = sql<{ label: string }>`
    select row_no, ballots.voter as label
    from pg_temp.vote_ballots as ballots
      join voters on imported_as = ${`${slug}/`} || ballots.voter
      join votes on votes.voter_id = voters.id and withdrawn_at is null and votes.ballot_id <> ballots.ballot_id
        and least(votes.left_id, votes.right_id) = least(ballots.left_id, ballots.right_id)
        and greatest(votes.left_id, votes.right_id) = greatest(ballots.left_id, ballots.right_id)
        and coalesce(votes.item, '') = coalesce(ballots.item, '')`;
  await reportInvalidRows(connection, problems, {
    invalidRows,
    describe: ({ label }) => ({
      column: 'voter',
      message: `${quoted(label)} has answered this pair in an earlier import, and that vote stands`,
    }),
  });
}

/**
 * Inserts the ballots into the ledger, in the order of their times. Ballots without a time come last.
 * @returns the number of votes added, and of those that the ledger already had
 */
export async function saveVotes(
  trx: Transaction,
  topic: Topic,
): Promise<{ added: number; existing: number }> {
  const prefix = `${topic.slug}/`;
  await sql`
    insert into voters (kind, imported_as)
    select distinct 'imported', ${prefix} || voter from pg_temp.vote_ballots where voter is not null
    on conflict (imported_as) do nothing`.execute(trx);
  // No other import into this topic runs now, so no ballot can appear between the check and the insert. One
  // check for all of them costs less than `on conflict` for each.
  const { rows } = await sql<{ added: number; total: number }>`
    with added as (
      insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, item, outcome, strategy, created_at)
      select ballot_id, ${topic.id}::bigint, voters.id, left_id, right_id, item, outcome, 'import', coalesce(at, now())
      from pg_temp.vote_ballots as ballots left join voters on imported_as = ${prefix} || ballots.voter
      where not exists (select from votes where votes.ballot_id = ballots.ballot_id)
      order by at nulls last, row_no
      returning 1)
    select (select count(*)::int from added) as added, (select count(*)::int from pg_temp.vote_ballots) as total`.execute(
    trx,
  );
  const { added, total } = rows[0] ?? { added: 0, total: 0 };
  return { added, existing: total - added };
}
