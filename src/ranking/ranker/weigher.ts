import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import { afterVote, afterWithdrawal, type Weight, weigh } from '../math/vote-weight.js';
import { countThings, isAskedAnswer, readGivenWeights } from './asked-weights.js';
import { GroupLeans } from './group-leans.js';
import type { Entry } from './ledger.js';
import type { Position } from './ledger-position.js';
import { findTopicVoters, keyOf, newVoter, type TopicVoter, writeTopicVoters } from './topic-voters.js';

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
      voter.votes -= 1;
      voter.skips -= Number(entry.outcome === 'skip');
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
  await writeTopicVoters(trx, voters);
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
