import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import { afterPush, type Lean, NO_LEAN, weightOfOneSided, withoutPush } from '../math/one-sided.js';
import { winChance } from '../math/online-update.js';
import { type Entry, isExcluded, type Position, positionSql } from './ledger.js';
import { scoreOf } from './ratings.js';

/** A vote of a group, as its lean needs it. */
interface GroupVote extends Pick<Entry, 'topicId' | 'leftId' | 'rightId' | 'outcome'> {
  group: string;
  /** The chance that the left thing is chosen, by the last fit. */
  expected: number;
}

/** How far a group leans towards a thing. */
interface StoredLean extends Lean {
  topicId: number;
  group: string;
  thingId: number;
}

/**
 * How far groups of voters lean towards things, and how much their next votes count for that. A group is all voters who
 * came by the same network. A voter who is alone in it has no lean. What is expected of a vote comes from the last fit
 * before it is folded. A lean keeps that, so that a group is not forgiven when a later fit has followed its votes. A
 * group with half of the fitted votes is not judged: what was expected would be mostly what it said itself. So a
 * class that votes in one room counts in full.
 */
export class GroupLeans {
  readonly #groups: Map<number, string>;
  readonly #fittedMeans: Map<number, number>;
  /** The groups whose votes are judged, as `topic group`. */
  readonly #judged: Set<string>;
  readonly #leans = new Map<string, StoredLean>();
  readonly #changed = new Set<string>();

  private constructor(groups: Map<number, string>, fittedMeans: Map<number, number>, judged: Set<string>) {
    this.#groups = groups;
    this.#fittedMeans = fittedMeans;
    this.#judged = judged;
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
    const leans = new GroupLeans(groups, await readFittedMeans(trx, inGroups), judged);
    const unknown = await findWithoutLean(trx, judged);
    for (const vote of await readVotes(trx, unknown, before)) leans.#record(vote);
    for (const lean of await readLeans(trx, judged, thingsOf(inGroups)))
      leans.#leans.set(thingKeyOf(lean), lean);
    return leans;
  }

  /**
   * Takes the next entry: a vote adds to the lean of its group, and a withdrawal takes that away again.
   * @returns how much the vote counts, above 0 and at most 1
   */
  take(entry: Entry): number {
    const group = this.#groups.get(entry.voterId ?? 0);
    if (group === undefined || !isAnswer(entry) || entry.isExcluded) return 1;
    if (!this.#judged.has(keyOf({ ...entry, group }))) return 1;
    const meanOf = (thingId: number): number => this.#fittedMeans.get(thingId) ?? 0;
    const vote = { ...entry, group, expected: winChance(meanOf(entry.leftId) - meanOf(entry.rightId)) };
    const weight = entry.isWithdrawal ? 1 : this.#weightOf(vote);
    this.#record(vote, entry.isWithdrawal);
    return weight;
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
      on conflict (topic_id, network_group, thing_id)
      do update set sum = excluded.sum, variance = excluded.variance`.execute(trx);
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

/** Forgets the leans of some voters' groups. They are made anew from the votes that count then. */
export async function forgetLeans(trx: Transaction, voterIds: number[]): Promise<void> {
  await sql`
    delete from group_leans using voters
    where voters.id = any (${voterIds}::bigint[]) and group_leans.network_group = voters.network_group`.execute(
    trx,
  );
}

const thingsOf = (votes: Entry[]): number[] => [
  ...new Set(votes.flatMap(({ leftId, rightId }) => [leftId, rightId])),
];

const isAnswer = ({ outcome, strategy }: Entry): boolean => outcome !== 'skip' && strategy !== 'import';

const keyOf = ({ topicId, group }: { topicId: number; group: string }): string => `${topicId} ${group}`;

const thingKeyOf = ({ topicId, group, thingId }: Omit<StoredLean, keyof Lean>): string =>
  `${topicId} ${group} ${thingId}`;

/** The topic and the group of each key, as two columns. */
function columnsOf(keys: Set<string>): [topics: string[], groups: string[]] {
  const parts = [...keys].map((key) => key.split(' '));
  return [parts.map(([topic = '']) => topic), parts.map(([, group = '']) => group)];
}

async function readGroups(trx: Transaction, votes: Entry[]): Promise<Map<number, string>> {
  const voterIds = [...new Set(votes.map(({ voterId }) => voterId))];
  if (voterIds.length === 0) return new Map();
  const { rows } = await sql<{ id: number; group: string }>`
    select id, network_group as "group" from voters
    where id = any (${voterIds}::bigint[]) and network_group is not null`.execute(trx.withoutPlugins());
  return new Map(rows.map(({ id, group }) => [id, group]));
}

/** Finds the groups that have several voters in a topic, those of these votes included. */
async function findShared(
  trx: Transaction,
  votes: Entry[],
  groups: Map<number, string>,
): Promise<Set<string>> {
  const someone = new Map<string, number>();
  const shared = new Set<string>();
  for (const { topicId, voterId } of votes) {
    const key = keyOf({ topicId, group: groups.get(voterId ?? 0) ?? '' });
    if ((someone.get(key) ?? voterId) !== voterId) shared.add(key);
    someone.set(key, voterId ?? 0);
  }
  const alone = new Set([...someone.keys()].filter((key) => !shared.has(key)));
  if (alone.size === 0) return shared;
  const [topics, names] = columnsOf(alone);
  const { rows } = await sql<{ topicId: number; group: string }>`
    select topic as "topicId", wanted.name as "group"
    from unnest(${topics}::bigint[], ${names}::text[], ${[...alone].map((key) => someone.get(key))}::bigint[])
      as wanted (topic, name, voter)
    where exists (
      select from voters join topic_voters on voter_id = voters.id and topic_voters.topic_id = topic
      where network_group = wanted.name and voters.id <> voter)`.execute(trx.withoutPlugins());
  for (const row of rows) shared.add(keyOf(row));
  return shared;
}

/** Finds the groups that have given less than half as many votes as were fitted. */
async function findMinorities(trx: Transaction, shared: Set<string>): Promise<Set<string>> {
  if (shared.size === 0) return new Set();
  const [topics, names] = columnsOf(shared);
  const { rows } = await sql<{ topicId: number; group: string }>`
    select topic as "topicId", name as "group"
    from unnest(${topics}::bigint[], ${names}::text[]) as wanted (topic, name) join fits on fits.topic_id = topic
    where fits.votes > 2 * (
      select coalesce(sum(topic_voters.votes - skips), 0) from voters join topic_voters on voter_id = voters.id
      where network_group = wanted.name and topic_voters.topic_id = topic)`.execute(trx.withoutPlugins());
  return new Set(rows.map(keyOf));
}

async function findWithoutLean(trx: Transaction, groups: Set<string>): Promise<Set<string>> {
  if (groups.size === 0) return new Set();
  const [topics, names] = columnsOf(groups);
  const { rows } = await sql<{ topicId: number; group: string }>`
    select topic as "topicId", name as "group" from unnest(${topics}::bigint[], ${names}::text[]) as wanted (topic, name)
    where not exists (select from group_leans where topic_id = topic and network_group = wanted.name)`.execute(
    trx.withoutPlugins(),
  );
  return new Set(rows.map(keyOf));
}

async function readLeans(trx: Transaction, groups: Set<string>, thingIds: number[]): Promise<StoredLean[]> {
  if (groups.size === 0) return [];
  const [topics, names] = columnsOf(groups);
  const { rows } = await sql<StoredLean>`
    select topic_id as "topicId", network_group as "group", thing_id as "thingId", sum, variance
    from group_leans join unnest(${topics}::bigint[], ${names}::text[]) as wanted (topic, name)
      on topic_id = topic and network_group = wanted.name
    where thing_id = any (${thingIds}::bigint[])`.execute(trx.withoutPlugins());
  return rows;
}

/** Reads the votes of groups that have no lean yet, as they count at a position. */
async function readVotes(trx: Transaction, groups: Set<string>, at: Position): Promise<GroupVote[]> {
  if (groups.size === 0) return [];
  const [topics, names] = columnsOf(groups);
  const { rows } = await sql<GroupVote & { leftMean: number; rightMean: number }>`
    select votes.topic_id as "topicId", network_group as "group", left_id as "leftId", right_id as "rightId", outcome,
      coalesce(l.fitted_mean, 0) as "leftMean", coalesce(r.fitted_mean, 0) as "rightMean"
    from unnest(${topics}::bigint[], ${names}::text[]) as wanted (topic, name)
      join voters on network_group = wanted.name
      join votes on voter_id = voters.id and votes.topic_id = topic
      left join ratings as l on l.thing_id = left_id left join ratings as r on r.thing_id = right_id
    where not provisional and outcome <> 'skip' and strategy <> 'import' and (xid, votes.id) <= ${positionSql(at)}
      and (withdrawn_xid is null or (withdrawn_xid, votes.id) > ${positionSql(at)})
      and not ${isExcluded('votes', positionSql(at))}
    order by votes.xid, votes.id`.execute(trx.withoutPlugins());
  return rows.map(({ leftMean, rightMean, ...vote }) => ({
    ...vote,
    expected: winChance(leftMean - rightMean),
  }));
}

async function readFittedMeans(trx: Transaction, votes: Entry[]): Promise<Map<number, number>> {
  const thingIds = thingsOf(votes);
  if (thingIds.length === 0) return new Map();
  const { rows } = await sql<{ id: number; mean: number }>`
    select thing_id as id, fitted_mean as mean from ratings where thing_id = any (${thingIds}::bigint[])`.execute(
    trx.withoutPlugins(),
  );
  return new Map(rows.map(({ id, mean }) => [id, mean]));
}
