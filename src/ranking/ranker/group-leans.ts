import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import { afterPush, type Lean, NO_LEAN, weightOfOneSided, withoutPush } from '../math/one-sided.js';
import { winChance } from '../math/online-update.js';
import {
  findMinorities,
  findShared,
  findWithoutLean,
  type GroupVote,
  isAnswer,
  keyOf,
  readFittedMeans,
  readGroups,
  readLeans,
  readVotes,
  type StoredLean,
  thingKeyOf,
  thingsOf,
} from './group-rows.js';
import type { Entry } from './ledger.js';
import type { Position } from './ledger-position.js';
import { scoreOf } from './ratings.js';

/**
 * How far groups of voters lean towards things, and how much their next votes count for that. A group is all voters who
 * came by the same network: an IPv4 address or an IPv6 /64, or the same IPv6 /48. A vote of two groups counts as little
 * as in the one in which it counts less. A voter who is alone in a group has no lean there. What is expected of a vote comes from the last fit
 * before it is folded. A lean keeps that, so that a group is not forgiven when a later fit has followed its votes. A
 * group with half of the fitted votes is not judged: what was expected would be mostly what it said itself. So a
 * class that votes in one room counts in full. Once a group was judged, its lean is kept up while it is not: a gap
 * would forgive it those votes.
 */
export class GroupLeans {
  readonly #groups: Map<number, string[]>;
  readonly #fittedMeans: Map<number, number>;
  /** The groups whose votes are judged, as `topic group`. */
  readonly #judged: Set<string>;
  /** The groups that have a lean: those that are judged, or were. */
  readonly #leaning: Set<string>;
  readonly #leans = new Map<string, StoredLean>();
  readonly #changed = new Set<string>();

  private constructor(
    groups: Map<number, string[]>,
    fittedMeans: Map<number, number>,
    { judged, leaning }: { judged: Set<string>; leaning: Set<string> },
  ) {
    this.#groups = groups;
    this.#fittedMeans = fittedMeans;
    this.#judged = judged;
    this.#leaning = leaning;
  }

  /**
   * Reads the leans that some entries need.
   * @param before the position in the ledger before the first of them
   */
  static async read(trx: Transaction, entries: Entry[], before: Position): Promise<GroupLeans> {
    const votes = entries.filter(isAnswer);
    const groups = await readGroups(trx, votes);
    const inGroups = votes.filter(({ voterId }) => groups.has(voterId ?? 0));
    const shared = await findShared(trx, inGroups, groups);
    const judged = await findMinorities(trx, shared);
    const withoutLean = await findWithoutLean(trx, shared);
    const leaning = new Set([...shared].filter((key) => judged.has(key) || !withoutLean.has(key)));
    const leans = new GroupLeans(groups, await readFittedMeans(trx, inGroups), { judged, leaning });
    const unknown = new Set([...withoutLean].filter((key) => judged.has(key)));
    for (const vote of await readVotes(trx, unknown, before)) leans.#record(vote);
    for (const lean of await readLeans(trx, leaning, thingsOf(inGroups)))
      leans.#leans.set(thingKeyOf(lean), lean);
    return leans;
  }

  /**
   * Takes the next entry: a vote adds to the leans of its groups, and a withdrawal takes that away again.
   * @returns how much the vote counts, above 0 and at most 1
   */
  take(entry: Entry): number {
    if (!isAnswer(entry) || entry.isExcluded) return 1;
    const groups = this.#groups.get(entry.voterId ?? 0) ?? [];
    return Math.min(1, ...groups.map((group) => this.#takeInto(group, entry)));
  }

  /** Writes the leans that have changed. Call it in the transaction that moves the ranker's position. */
  async write(trx: Transaction): Promise<void> {
    const leans = [...this.#changed].map((key) => this.#leans.get(key) as StoredLean);
    if (leans.length === 0) return;
    const column = <Name extends keyof StoredLean>(name: Name) => leans.map((lean) => lean[name]);
    await sql`
      insert into group_leans (topic_id, network_group, thing_id, sum, variance)
      select * from unnest(${column('topicId')}::bigint[], ${column('group')}::text[],
        ${column('thingId')}::bigint[], ${column('sum')}::float8[], ${column('variance')}::float8[])
      on conflict (network_group, topic_id, thing_id)
      do update set sum = excluded.sum, variance = excluded.variance`.execute(trx);
  }

  #takeInto(group: string, entry: Entry): number {
    const key = keyOf({ ...entry, group });
    if (!this.#leaning.has(key)) return 1;
    const meanOf = (thingId: number): number => this.#fittedMeans.get(thingId) ?? 0;
    const vote = { ...entry, group, expected: winChance(meanOf(entry.leftId) - meanOf(entry.rightId)) };
    const weight = entry.isWithdrawal || !this.#judged.has(key) ? 1 : this.#weightOf(vote);
    this.#record(vote, entry.isWithdrawal);
    return weight;
  }

  #weightOf(vote: GroupVote): number {
    const push = scoreOf(vote) - vote.expected;
    return Math.min(
      weightOfOneSided(this.#leanOf(vote, vote.leftId), push),
      weightOfOneSided(this.#leanOf(vote, vote.rightId), -push),
    );
  }

  #record(vote: GroupVote, isWithdrawal = false): void {
    const move = isWithdrawal ? withoutPush : afterPush;
    const add = (thingId: number, push: number): void => {
      const { topicId, group } = vote;
      const lean = { topicId, group, thingId, ...move(this.#leanOf(vote, thingId), push, vote.expected) };
      this.#leans.set(thingKeyOf(lean), lean);
      this.#changed.add(thingKeyOf(lean));
    };
    const push = scoreOf(vote) - vote.expected;
    add(vote.leftId, push);
    add(vote.rightId, -push);
  }

  #leanOf({ topicId, group }: GroupVote, thingId: number): Lean {
    return this.#leans.get(thingKeyOf({ topicId, group, thingId })) ?? NO_LEAN;
  }
}

/**
 * Forgets the leans of the groups of some voters, in a topic or in all. They are made anew from the votes that count then,
 * by the latest fit.
 */
export async function forgetLeans(
  trx: Transaction,
  voters: { voterId: number; topicId: number | null }[],
): Promise<void> {
  await sql`
    delete from group_leans using voters, unnest(${voters.map(({ voterId }) => voterId)}::bigint[],
      ${voters.map(({ topicId }) => topicId)}::bigint[]) as given (voter, topic)
    where voters.id = voter and group_leans.network_group in (voters.network_group, voters.wide_group)
      and (topic is null or group_leans.topic_id = topic)`.execute(trx);
}
