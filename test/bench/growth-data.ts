import { sql } from 'kysely';
import type { Database } from '../../src/database.js';
import { SKIP_WINDOW } from '../../src/ranking/math/vote-weight.js';
import type { Position } from '../../src/ranking/ranker/ledger-position.js';

/** How large a site is. */
export interface Size {
  things: number;
  votes: number;
}

/** The most votes of one statement, and so of one transaction in the ledger. */
const BATCH_SIZE = 100_000;
const VOTES_PER_VOTER = 200;
/** The days over which all votes were cast. */
const DAYS = 300;

/**
 * Fills the default topic of an empty site with things and votes, directly in the tables. Each voter answers
 * a pair once, one answer in ten is a skip, and one in two hundred is withdrawn. The ranker's position is set
 * behind all votes, because folding them would take longer than everything else here. A rebuild corrects the
 * ratings.
 */
export async function fill(db: Database, { things, votes }: Size): Promise<void> {
  await sql`
    insert into things (topic_id, slug, name, description)
    select topics.id, 'thing-' || number, 'Thing ' || number, 'The description of thing ' || number
    from topics, generate_series(1, ${things}::int) as number where is_default`.execute(db);
  await sql`
    insert into voters (kind) select 'guest' from generate_series(1, ${votersFor(votes)}::int)`.execute(db);
  await db.connection().execute(async (connection) => {
    // The same votes each time.
    await sql`select setseed(0.5)`.execute(connection);
    for (let left = votes; left > 0; )
      left -= (
        await castVotes(connection, { count: Math.min(left, BATCH_SIZE), left, of: { things, votes } })
      ).cast;
  });
  await vacuum(db);
  await sql`update votes set withdrawn_at = created_at + interval '5 s' where id % 200 = 0`.execute(db);
  await sql`
    insert into vote_weights (vote_id, weight, reason)
    select id, 0.5, 'skipping' from votes where id % 50 = 1 and outcome <> 'skip'`.execute(db);
  await sql`
    insert into topic_voters (topic_id, voter_id, votes, skips, latest_at, recent_pairs)
    select topic_id, voter_id, count(*), count(*) filter (where outcome = 'skip'), max(created_at), (
      select json_agg(json_build_array(least(left_id, right_id), greatest(left_id, right_id),
        (outcome = 'skip')::int) order by id)
      from (select * from votes as own where own.voter_id = votes.voter_id order by id desc limit ${SKIP_WINDOW})
        as latest)
    from votes group by topic_id, voter_id`.execute(db);
  await sql`
    update ranker_position set generation = generation + 1, (xid, id) = (
      select pg_current_xact_id(), coalesce(max(id), 0) from votes)`.execute(db);
  await vacuum(db);
}

/** Vacuums as autovacuum does within a minute on a live server. On a test server it may be off. */
export async function vacuum(db: Database): Promise<void> {
  await sql`vacuum analyze`.execute(db);
}

/**
 * Casts random votes in one statement. Four in five are on the few things that may belong in the Top 20, as
 * the selection of pairs does.
 * @param options `count` votes are drawn, and pairs that their voter has answered are left out; `left` of the
 * site's votes are still to be cast, these included; `of` is the size of the site
 * @returns the number of cast votes, and the position of the last one in the ledger
 */
export async function castVotes(
  db: Database,
  { count, left = 0, of: { things, votes } }: { count: number; left?: number; of: Size },
): Promise<Position & { cast: number }> {
  const { rows } = await sql<Position & { cast: number }>`
    with draws as (
      select number, case when random() < 0.8 then ${contested(things)}::int else ${things}::int end as reach,
        1 + floor(random() * ${votersFor(votes)}::int) as voter, random() as left_draw, random() as right_draw,
        random() as outcome_draw
      from generate_series(1, ${count}::int) as number
    ), pairs as (
      select *, floor(left_draw * reach)::int as one,
        (floor(left_draw * reach)::int + 1 + floor(right_draw * (reach - 1))::int) % reach as other
      from draws
    ), written as (
      insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, strategy, shown_at, created_at)
      select gen_random_uuid(), topics.id, voter, ${idOf('one', things)}, ${idOf('other', things)},
        case when outcome_draw < 0.1 then 'skip' when outcome_draw < 0.15 then 'tie'
          when (outcome_draw - 0.15) / 0.85 <
            ${strengthOf('one', things)} / (${strengthOf('one', things)} + ${strengthOf('other', things)})
          then 'left' else 'right' end,
        case when reach < ${things}::int then 'focus' else 'explore' end,
        at - interval '4 s', at
      from pairs, topics, lateral (select clock_timestamp() -
        greatest(${left}::int - number, 0) * interval '1 day' * ${DAYS / Math.max(votes, 1)}::float8 as at) as moment
      where is_default
      on conflict do nothing returning id, xid
    )
    select count(*)::int as cast, max(id) as id, max(xid::text) as xid from written`.execute(db);
  return rows[0] ?? { cast: 0, id: 0, xid: '0' };
}

/**
 * Returns the id of the thing with a true rank, from 0. Ids are scrambled, so they do not reveal the rank.
 */
export const idAt = (rank: number, things: number): number => 1 + ((rank * SCRAMBLER) % things);

// A prime, so that each id occurs once.
const SCRAMBLER = 7_919;
const idOf = (rank: string, things: number) =>
  sql`1 + (${sql.ref(rank)}::bigint * ${SCRAMBLER}::bigint) % ${things}::bigint`;

// e to the power of the quantiles of the logistic distribution with a standard deviation of 1.
const strengthOf = (rank: string, things: number) =>
  sql`((${things}::float8 - ${sql.ref(rank)} - 0.5) / (${sql.ref(rank)} + 0.5)) ^ 0.55`;

const contested = (things: number): number => Math.min(Math.max(40, things / 50), things);
const votersFor = (votes: number): number => Math.ceil(votes / VOTES_PER_VOTER);
