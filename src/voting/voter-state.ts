import { sql } from 'kysely';
import type { Random } from '../ranking/math/random.js';
import { SKIP_WINDOW } from '../ranking/math/vote-weight.js';
import type { RecentPair } from '../schema.js';
import { shuffleSides } from './draw.js';
import type { Pair } from './pairs.js';
import type { VoterContext } from './voter.js';
import type { AnsweredPair } from './words.js';

/** What the ledger knows of a voter in a topic. A lost queue is built again from it. */
interface VoterState {
  /** The voter's last pairs, oldest first. */
  recent: RecentPair[];
  /** The pair of the latest vote, when the voter took that vote back and left the pair open. Else empty. */
  reopened: Pair[];
  /** Ids of the things that the voter does not know. */
  unknown: number[];
  /** The ballot of the latest vote; undefined before the first. */
  latest: string | undefined;
  /** What the latest vote was. Undefined when there is none, or when it was taken back. */
  last: AnsweredPair | undefined;
  /** How many answers stand, without skips. */
  answers: number;
  /** How many of these are of today (UTC). */
  today: number;
}

/** Reads what the ledger knows of a voter in a topic. */
export async function readVoterState({ db, voter, board }: VoterContext): Promise<VoterState> {
  const own = sql`voter_id = ${voter.id} and topic_id = ${board.topic.id}`;
  // A pair that was taken back and answered again keeps the position of its first answer.
  const recent = sql`
    select * from votes where ${own} and strategy not in ('asked', 'import')
      and not exists (select from votes as earlier where earlier.voter_id = votes.voter_id
        and earlier.withdrawn_at is not null and earlier.strategy <> 'asked' and earlier.id < votes.id
        and least(earlier.left_id, earlier.right_id) = least(votes.left_id, votes.right_id)
        and greatest(earlier.left_id, earlier.right_id) = greatest(votes.left_id, votes.right_id))
    order by id desc limit ${SKIP_WINDOW + 1}`;
  const standing = sql`(
    select outcome from votes as standing where standing.voter_id = first.voter_id and standing.withdrawn_at is null
      and least(standing.left_id, standing.right_id) = least(first.left_id, first.right_id)
      and greatest(standing.left_id, standing.right_id) = greatest(first.left_id, first.right_id) limit 1)`;
  const { rows } = await sql<StateRow>`
    select (
      select coalesce(json_agg(json_build_object('low', least(left_id, right_id), 'high', greatest(left_id, right_id),
        'skipped', coalesce(${standing} = 'skip', true)) order by id), '[]')
      from (${recent}) as first) as recent,
    (select coalesce(json_agg(json_build_object('leftId', left_id, 'rightId', right_id, 'strategy', strategy)), '[]')
     from (select * from votes where ${own} order by id desc limit 1) as first
     where withdrawn_at is not null and strategy not in ('asked', 'import') and ${standing} is null) as reopened,
    array(
      select case unknown when 'left' then left_id else right_id end from votes
      where ${own} and unknown is not null and withdrawn_at is null)::float8[] as unknown,
    (select ballot_id from votes where ${own} order by id desc limit 1) as latest,
    (select case when withdrawn_at is null then json_build_object('leftId', left_id, 'rightId', right_id,
        'outcome', outcome, 'unknown', unknown) end
      from votes where ${own} order by id desc limit 1) as last,
    (select count(*)::int from votes where ${own} and withdrawn_at is null and outcome <> 'skip') as answers,
    (select count(*)::int from votes where ${own} and withdrawn_at is null and outcome <> 'skip'
      and created_at >= date_trunc('day', now() at time zone 'utc') at time zone 'utc') as today`.execute(db);
  const [state] = rows;
  if (!state) throw new Error('a select without a table has a row');
  return { ...state, latest: state.latest ?? undefined, last: state.last ?? undefined };
}

type StateRow = Omit<VoterState, 'latest' | 'last'> & { latest: string | null; last: AnsweredPair | null };

/**
 * Finds any pair that a voter has not answered, for voters who have answered nearly every pair. It looks at
 * one pair more than the voter has answers, at most.
 * @param out ids of things that the voter does not know, and of those left aside: these come last
 * @returns undefined when the voter has answered every pair
 */
export async function findUnanswered(
  { db, voter, board, own }: VoterContext,
  { unknown, away }: { unknown: number[]; away: number[] },
  random: Random,
): Promise<Pair | undefined> {
  if (board.size < 2) return undefined;
  const { rows } = await sql<{ low: number; high: number }>`
    select least(left_id, right_id) as low, greatest(left_id, right_id) as high from votes
    where voter_id = ${voter.id} and topic_id = ${board.topic.id} and withdrawn_at is null`.execute(db);
  const answered = new Set(rows.map(({ low, high }) => `${low} ${high}`));
  const known = board.standings.map(({ id }) => id).filter((id) => !unknown.includes(id) && !own.has(id));
  const here = known.filter((id) => !away.includes(id));
  const found = firstOpen(here, answered, random) ?? firstOpen(known, answered, random);
  return found && shuffleSides({ ...found, strategy: 'explore' }, random);
}

/** Looks at every pair of some things, from a random one on. */
function firstOpen(
  ids: number[],
  answered: ReadonlySet<string>,
  random: Random,
): Pick<Pair, 'leftId' | 'rightId'> | undefined {
  const start = Math.floor(random() * ids.length);
  const idAt = (offset: number): number => ids[(start + offset) % ids.length] ?? 0;
  for (let first = 0; first < ids.length; first++)
    for (let second = first + 1; second < ids.length; second++) {
      const [low, high] = [idAt(first), idAt(second)].sort((a, b) => a - b) as [number, number];
      if (!answered.has(`${low} ${high}`)) return { leftId: low, rightId: high };
    }
  return undefined;
}
