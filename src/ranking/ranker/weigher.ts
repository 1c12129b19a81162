import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import type { RecentPair } from '../../schema.js';
import { afterVote, afterWithdrawal, type Weight, weigh } from '../math/vote-weight.js';
import { GroupLeans } from './group-leans.js';
import { type Entry, type Position, positionSql } from './ledger.js';

/** A voter's record in a topic, up to the entries that were weighed. */
interface TopicVoter {
  topicId: number;
  voterId: number;
  votes: number;
  skips: number;
  /** A timestamp as Postgres writes it. */
  latestAt: string;
  recentPairs: RecentPair[];
}

/** The result of weighing some entries. */
interface Weighed {
  /** The weights other than 1, by the vote's id. */
  weights: Map<number, Required<Weight>>;
  /** The new records of the entries' voters. */
  voters: TopicVoter[];
  /** The new leans of their groups. */
  leans: GroupLeans;
}

/**
 * Decides how much each vote among some entries counts, and writes nothing.
 * @param entries the next ones in the ledger after all that were weighed before
 * @param before the position in the ledger before the first of them
 */
export async function weighEntries(trx: Transaction, entries: Entry[], before: Position): Promise<Weighed> {
  const cast = entries.filter(({ strategy, voterId }) => strategy !== 'import' && voterId !== null);
  const voters = await findTopicVoters(trx, cast);
  const withdrawn = await findWithdrawnAnswers(trx, cast);
  const things = await countThings(trx, cast);
  const given = await readGivenWeights(trx, cast, before);
  const leans = await GroupLeans.read(trx, cast, before);
  const weights = new Map<number, Required<Weight>>();
  for (const entry of cast) {
    const key = keyOf(entry);
    const voter = voters.get(key) ?? newVoter(entry);
    voters.set(key, voter);
    const inGroup = leans.take(entry);
    if (entry.isWithdrawal) {
      voter.recentPairs = afterWithdrawal(voter.recentPairs, entry);
      continue;
    }
    const withdrawnBefore = withdrawn.get(entry.id) ?? [];
    const earlier = withdrawnBefore.map(({ id, ...stored }) => weights.get(id) ?? stored);
    const { weight, reason } = weigh(entry, {
      recent: voter.recentPairs,
      earlier,
      things: things.get(entry.topicId) ?? 2,
      given: given.largestOf(entry),
      inGroup,
    });
    if (reason) weights.set(entry.id, { weight, reason });
    if (isAskedAnswer(entry)) given.add(entry, weight);
    voter.recentPairs = afterVote(voter.recentPairs, entry, withdrawnBefore.length > 0);
    voter.votes += 1;
    voter.skips += Number(entry.outcome === 'skip');
    voter.latestAt = entry.createdAt;
  }
  return { weights, voters: [...voters.values()], leans };
}

/**
 * Writes weights, voters and leans. Call it in the transaction that moves the ranker's position past the entries.
 */
export async function writeWeighed(trx: Transaction, { weights, voters, leans }: Weighed): Promise<void> {
  await leans.write(trx);
  if (weights.size > 0)
    await trx
      .insertInto('voteWeights')
      .columns(['voteId', 'weight', 'reason'])
      .expression(
        sql`select * from unnest(${[...weights.keys()]}::bigint[],
          ${[...weights.values()].map(({ weight }) => weight)}::float8[],
          ${[...weights.values()].map(({ reason }) => reason)}::text[])`,
      )
      .execute();
  if (voters.length === 0) return;
  await sql`
    insert into topic_voters (topic_id, voter_id, votes, skips, latest_at, recent_pairs)
    select topic_id, voter_id, votes, skips, latest_at, recent_pairs::json
    from unnest(${voters.map(({ topicId }) => topicId)}::bigint[],
      ${voters.map(({ voterId }) => voterId)}::bigint[], ${voters.map(({ votes }) => votes)}::int[],
      ${voters.map(({ skips }) => skips)}::int[], ${voters.map(({ latestAt }) => latestAt)}::timestamptz[],
      ${voters.map(({ recentPairs }) => JSON.stringify(recentPairs.map(pack)))}::text[])
      as known (topic_id, voter_id, votes, skips, latest_at, recent_pairs)
    on conflict (topic_id, voter_id) do update set votes = excluded.votes, skips = excluded.skips,
      latest_at = excluded.latest_at, recent_pairs = excluded.recent_pairs`.execute(trx);
}

async function findTopicVoters(trx: Transaction, entries: Entry[]): Promise<Map<string, TopicVoter>> {
  if (entries.length === 0) return new Map();
  const wanted = new Map(entries.map((entry) => [keyOf(entry), entry]));
  const { rows } = await sql<Omit<TopicVoter, 'recentPairs'> & { packed: PackedPair[] }>`
    select topic_id as "topicId", voter_id as "voterId", votes, skips, latest_at::text as "latestAt",
      recent_pairs as packed
    from topic_voters join unnest(
      ${[...wanted.values()].map(({ topicId }) => topicId)}::bigint[],
      ${[...wanted.values()].map(({ voterId }) => voterId)}::bigint[]) as wanted (topic, voter)
      on topic_id = topic and voter_id = voter`.execute(trx.withoutPlugins());
  return new Map(rows.map(({ packed, ...row }) => [keyOf(row), { ...row, recentPairs: packed.map(unpack) }]));
}

/**
 * A pair as it is stored: its things, whether it was skipped, and whether it was asked for. Names would
 * double it.
 */
type PackedPair = [low: number, high: number, skipped: 0 | 1, asked?: 1];

const pack = ({ low, high, skipped, asked }: RecentPair): PackedPair =>
  asked ? [low, high, skipped ? 1 : 0, 1] : [low, high, skipped ? 1 : 0];

const unpack = ([low, high, skipped, asked]: PackedPair): RecentPair => ({
  low,
  high,
  skipped: skipped === 1,
  ...(asked && { asked: true }),
});

// Only pairs that were asked for are weighed by the size of the topic.
async function countThings(trx: Transaction, entries: Entry[]): Promise<Map<number, number>> {
  const asked = entries.filter(({ strategy }) => strategy === 'asked').map(({ topicId }) => topicId);
  if (asked.length === 0) return new Map();
  const rows = await trx
    .selectFrom('things')
    .where('topicId', 'in', [...new Set(asked)])
    .where('retiredAt', 'is', null)
    .groupBy('topicId')
    .select(({ fn }) => ['topicId', fn.countAll<number>().as('things')])
    .execute();
  return new Map(rows.map(({ topicId, things }) => [topicId, Math.max(things, 2)]));
}

const isAskedAnswer = ({ strategy, outcome }: Entry): boolean => strategy === 'asked' && outcome !== 'skip';

/** The summed weight of voters' answers to pairs that they asked for, by voter and thing. */
class GivenWeights {
  readonly #sums = new Map<string, number>();

  add({ voterId, leftId, rightId }: Pick<Entry, 'voterId' | 'leftId' | 'rightId'>, weight: number): void {
    for (const key of [`${voterId} ${leftId}`, `${voterId} ${rightId}`])
      this.#sums.set(key, (this.#sums.get(key) ?? 0) + weight);
  }

  largestOf({ voterId, leftId, rightId }: Entry): number {
    return Math.max(
      this.#sums.get(`${voterId} ${leftId}`) ?? 0,
      this.#sums.get(`${voterId} ${rightId}`) ?? 0,
    );
  }
}

// Answers that were taken back are summed as well, so that nobody gives a thing more by taking answers back.
async function readGivenWeights(trx: Transaction, entries: Entry[], before: Position): Promise<GivenWeights> {
  const given = new GivenWeights();
  const voterIds = [...new Set(entries.filter(isAskedAnswer).map(({ voterId }) => voterId))];
  if (voterIds.length === 0) return given;
  const { rows } = await sql<{ voterId: number; leftId: number; rightId: number; weight: number }>`
    select voter_id as "voterId", left_id as "leftId", right_id as "rightId", coalesce(weight, 1) as weight
    from votes left join vote_weights on vote_id = votes.id
    where voter_id = any (${voterIds}::bigint[]) and strategy = 'asked' and outcome <> 'skip' and not provisional
      and (xid, votes.id) <= ${positionSql(before)}`.execute(trx.withoutPlugins());
  for (const { weight, ...vote } of rows) given.add(vote, weight);
  return given;
}

interface WithdrawnAnswer extends Weight {
  id: number;
}

// A voter's earlier answers to the same pair were all taken back, because only one answer to a pair can
// count.
async function findWithdrawnAnswers(
  trx: Transaction,
  entries: Entry[],
): Promise<Map<number, WithdrawnAnswer[]>> {
  const votes = entries.filter(({ isWithdrawal }) => !isWithdrawal);
  if (votes.length === 0) return new Map();
  const { rows } = await sql<{ later: number; id: number; weight: number | null; reason: Weight['reason'] }>`
    select later.id as later, earlier.id, weight, reason
    from unnest(${votes.map(({ id }) => id)}::bigint[], ${votes.map(({ voterId }) => voterId)}::bigint[],
        ${votes.map(({ leftId }) => leftId)}::bigint[], ${votes.map(({ rightId }) => rightId)}::bigint[])
        as later (id, voter, one, other)
      join votes as earlier on earlier.voter_id = voter and earlier.withdrawn_at is not null
        and least(earlier.left_id, earlier.right_id) = least(one, other)
        and greatest(earlier.left_id, earlier.right_id) = greatest(one, other)
        and earlier.id < later.id and earlier.strategy <> 'asked'
      left join vote_weights on vote_id = earlier.id`.execute(trx);
  const found = new Map<number, WithdrawnAnswer[]>();
  for (const { later, id, weight, reason } of rows)
    found.set(later, [
      ...(found.get(later) ?? []),
      { id, weight: weight ?? 1, ...(reason ? { reason } : {}) },
    ]);
  return found;
}

const keyOf = ({ topicId, voterId }: { topicId: number; voterId: number | null }): string =>
  `${topicId} ${voterId}`;

const newVoter = ({ topicId, voterId, createdAt }: Entry): TopicVoter => ({
  topicId,
  voterId: voterId ?? 0,
  votes: 0,
  skips: 0,
  latestAt: createdAt,
  recentPairs: [],
});
