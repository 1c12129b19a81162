import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import type { Entry } from './ledger.js';
import { type Position, positionSql } from './ledger-position.js';

/** Counts the things that can be voted on, in each topic in which somebody asked for a pair. */
export async function countThings(trx: Transaction, entries: Entry[]): Promise<Map<number, number>> {
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

/** Whether an entry is an answer to a pair that its voter asked for. */
export const isAskedAnswer = ({ strategy, outcome }: Entry): boolean =>
  strategy === 'asked' && outcome !== 'skip';

/** The summed weight of voters' answers to pairs that they asked for, by voter and thing. */
export class GivenWeights {
  readonly #sums = new Map<string, number>();

  /** Adds an answer to both of its things. */
  add({ voterId, leftId, rightId }: Pick<Entry, 'voterId' | 'leftId' | 'rightId'>, weight: number): void {
    for (const key of [`${voterId} ${leftId}`, `${voterId} ${rightId}`])
      this.#sums.set(key, (this.#sums.get(key) ?? 0) + weight);
  }

  /** What a voter has given so far to a thing of an entry: the larger of the two sums. */
  largestOf({ voterId, leftId, rightId }: Entry): number {
    return Math.max(
      this.#sums.get(`${voterId} ${leftId}`) ?? 0,
      this.#sums.get(`${voterId} ${rightId}`) ?? 0,
    );
  }
}

/**
 * Reads what the voters of some entries have given by asked-for pairs up to a position. Answers that were taken back are
 * summed as well, so that nobody gives a thing more by taking answers back.
 */
export async function readGivenWeights(
  trx: Transaction,
  entries: Entry[],
  before: Position,
): Promise<GivenWeights> {
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
