import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import type { Outcome } from '../../schema.js';
import { afterPush, type Lean, NO_LEAN, weightOfOneSided, withoutPush } from '../math/one-sided.js';
import { winChance } from '../math/online-update.js';
import { type Entry, isExcluded, type Position, positionSql } from './ledger.js';
import { scoreOf } from './ratings.js';

/** How far the votes of one group lean towards each thing of a topic, by the thing's id. */
type GroupLean = Map<number, Lean>;

/** A vote as a lean needs it. */
interface GroupVote {
  leftId: number;
  rightId: number;
  outcome: Outcome;
  /** The chance that the left thing is chosen, by the last fit. */
  expected: number;
}

/**
 * How far the groups of voters lean, for the weights of their next votes. A group is all voters who came by the same
 * network. What is expected of a vote comes from the topic's last fit, so each fit makes the leans anew.
 */
export class GroupLeans {
  readonly #topics = new Map<number, { fit: string; groups: Map<string, GroupLean> }>();

  /** Forgets all leans, which are then read from the ledger again. */
  clear(): void {
    this.#topics.clear();
  }

  /**
   * Prepares the weights of some entries.
   * @param entries of any topics
   * @param before the position in the ledger before the first of them
   */
  async open(trx: Transaction, entries: Entry[], before: Position): Promise<GroupWeights> {
    const votes = entries.filter(({ outcome, strategy }) => outcome !== 'skip' && strategy !== 'import');
    const groups = await readGroups(trx, votes);
    const means = await readFittedMeans(trx, votes);
    await this.#forgetOldFits(trx, new Set(votes.map(({ topicId }) => topicId)));
    for (const [topicId, wanted] of groupsByTopic(votes, groups))
      await this.#load(trx, { topicId, groups: wanted, at: before });
    return new GroupWeights({ groups, means, leanOf: (topicId, group) => this.#get(topicId, group) });
  }

  #get(topicId: number, group: string): GroupLean {
    return this.#topics.get(topicId)?.groups.get(group) ?? new Map();
  }

  async #forgetOldFits(trx: Transaction, topicIds: Set<number>): Promise<void> {
    if (topicIds.size === 0) return;
    const fits = await trx
      .selectFrom('fits')
      .where('topicId', 'in', [...topicIds])
      .select(['topicId', 'xid', 'id'])
      .execute();
    const names = new Map(fits.map(({ topicId, xid, id }) => [topicId, `${xid} ${id}`]));
    for (const topicId of topicIds) {
      const fit = names.get(topicId) ?? '';
      if (this.#topics.get(topicId)?.fit !== fit) this.#topics.set(topicId, { fit, groups: new Map() });
    }
  }

  async #load(
    trx: Transaction,
    { topicId, groups, at }: { topicId: number; groups: Set<string>; at: Position },
  ): Promise<void> {
    const known = this.#topics.get(topicId)?.groups;
    const missing = [...groups].filter((group) => !known?.has(group));
    if (!known || missing.length === 0) return;
    for (const group of missing) known.set(group, new Map());
    const { rows } = await sql<GroupVote & { group: string; leftMean: number; rightMean: number }>`
      select network_group as "group", left_id as "leftId", right_id as "rightId", outcome,
        coalesce(l.fitted_mean, 0) as "leftMean", coalesce(r.fitted_mean, 0) as "rightMean"
      from voters join votes on voter_id = voters.id and votes.topic_id = ${topicId}
        left join ratings as l on l.thing_id = left_id left join ratings as r on r.thing_id = right_id
      where network_group = any (${missing}) and not provisional and outcome <> 'skip'
        and (xid, votes.id) <= ${positionSql(at)}
        and (withdrawn_xid is null or (withdrawn_xid, votes.id) > ${positionSql(at)})
        and not ${isExcluded('votes', positionSql(at))}`.execute(trx.withoutPlugins());
    for (const { group, leftMean, rightMean, ...vote } of rows)
      record(known.get(group) as GroupLean, { ...vote, expected: winChance(leftMean - rightMean) });
  }
}

/** The weights of some entries of the ledger by the leans of their voters' groups. */
export class GroupWeights {
  readonly #groups: Map<number, string>;
  readonly #means: Map<number, number>;
  readonly #leanOf: (topicId: number, group: string) => GroupLean;

  constructor({
    groups,
    means,
    leanOf,
  }: {
    groups: Map<number, string>;
    means: Map<number, number>;
    leanOf: (topicId: number, group: string) => GroupLean;
  }) {
    this.#groups = groups;
    this.#means = means;
    this.#leanOf = leanOf;
  }

  /**
   * Takes the next entry of the ledger: a vote adds to the lean of its group, and a withdrawal takes it away again.
   * @returns how much the vote counts, above 0 and at most 1
   */
  take(entry: Entry): number {
    const group = this.#groups.get(entry.voterId ?? 0);
    if (group === undefined || entry.outcome === 'skip' || entry.strategy === 'import') return 1;
    const lean = this.#leanOf(entry.topicId, group);
    const expected = winChance(this.#meanOf(entry.leftId) - this.#meanOf(entry.rightId));
    const weight = entry.isWithdrawal ? 1 : weightOf(lean, { ...entry, expected });
    if (!entry.isExcluded) record(lean, { ...entry, expected }, entry.isWithdrawal);
    return weight;
  }

  #meanOf(thingId: number): number {
    return this.#means.get(thingId) ?? 0;
  }
}

function weightOf(lean: GroupLean, vote: GroupVote): number {
  const push = scoreOf(vote) - vote.expected;
  return Math.min(
    weightOfOneSided(lean.get(vote.leftId) ?? NO_LEAN, push),
    weightOfOneSided(lean.get(vote.rightId) ?? NO_LEAN, -push),
  );
}

function record(lean: GroupLean, vote: GroupVote, isWithdrawal = false): void {
  const move = isWithdrawal ? withoutPush : afterPush;
  const add = (thingId: number, push: number): void => {
    lean.set(thingId, move(lean.get(thingId) ?? NO_LEAN, push, vote.expected));
  };
  const push = scoreOf(vote) - vote.expected;
  add(vote.leftId, push);
  add(vote.rightId, -push);
}

async function readGroups(trx: Transaction, votes: Entry[]): Promise<Map<number, string>> {
  const voterIds = [...new Set(votes.flatMap(({ voterId }) => voterId ?? []))];
  if (voterIds.length === 0) return new Map();
  const rows = await trx
    .selectFrom('voters')
    .where('id', '=', sql<number>`any (${voterIds}::bigint[])`)
    .where('networkGroup', 'is not', null)
    .select(['id', 'networkGroup'])
    .execute();
  return new Map(rows.map(({ id, networkGroup }) => [id, networkGroup ?? '']));
}

async function readFittedMeans(trx: Transaction, votes: Entry[]): Promise<Map<number, number>> {
  const thingIds = [...new Set(votes.flatMap(({ leftId, rightId }) => [leftId, rightId]))];
  if (thingIds.length === 0) return new Map();
  const { rows } = await sql<{ id: number; mean: number }>`
    select thing_id as id, fitted_mean as mean from ratings where thing_id = any (${thingIds}::bigint[])`.execute(
    trx.withoutPlugins(),
  );
  return new Map(rows.map(({ id, mean }) => [id, mean]));
}

function groupsByTopic(votes: Entry[], groups: Map<number, string>): Map<number, Set<string>> {
  const topics = new Map<number, Set<string>>();
  for (const { topicId, voterId } of votes) {
    const group = groups.get(voterId ?? 0);
    if (group === undefined) continue;
    topics.set(topicId, (topics.get(topicId) ?? new Set()).add(group));
  }
  return topics;
}
