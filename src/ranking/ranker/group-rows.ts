import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import type { Lean } from '../math/one-sided.js';
import { winChance } from '../math/online-update.js';
import { type Entry, isExcluded } from './ledger.js';
import { type Position, positionSql } from './ledger-position.js';

/** A vote of a group, as its lean needs it. */
export interface GroupVote extends Pick<Entry, 'topicId' | 'leftId' | 'rightId' | 'outcome'> {
  group: string;
  /** The chance that the left thing is chosen, by the last fit. */
  expected: number;
}

/** How far a group leans towards a thing. */
export interface StoredLean extends Lean {
  topicId: number;
  group: string;
  thingId: number;
}

/** The ids of the things of some votes. */
export const thingsOf = (votes: Entry[]): number[] => [
  ...new Set(votes.flatMap(({ leftId, rightId }) => [leftId, rightId])),
];

/** Whether an entry adds to a lean. */
export const isAnswer = ({ outcome, strategy }: Entry): boolean =>
  outcome !== 'skip' && strategy !== 'import';

/** Names a group in a topic. */
export const keyOf = ({ topicId, group }: { topicId: number; group: string }): string =>
  `${topicId} ${group}`;

/** Names a group's lean towards a thing. */
export const thingKeyOf = ({ topicId, group, thingId }: Omit<StoredLean, keyof Lean>): string =>
  `${topicId} ${group} ${thingId}`;

/** The topic and the group of each key, as two columns. */
function columnsOf(keys: Set<string>): [topics: string[], groups: string[]] {
  const parts = [...keys].map((key) => key.split(' '));
  return [parts.map(([topic = '']) => topic), parts.map(([, group = '']) => group)];
}

/** Whether a voter is in the group `wanted.name`. */
const isOf = (voters: string) =>
  sql`(${sql.ref(`${voters}.network_group`)} = wanted.name or ${sql.ref(`${voters}.wide_group`)} = wanted.name)`;

/** Reads the groups of the voters of some votes, by the voter's id: that of the network, and that of the wider one. */
export async function readGroups(trx: Transaction, votes: Entry[]): Promise<Map<number, string[]>> {
  const voterIds = [...new Set(votes.map(({ voterId }) => voterId))];
  if (voterIds.length === 0) return new Map();
  const { rows } = await sql<{ id: number; groups: string[] }>`
    select id, array_remove(array[network_group, wide_group], null) as groups from voters
    where id = any (${voterIds}::bigint[]) and network_group is not null`.execute(trx.withoutPlugins());
  return new Map(rows.map(({ id, groups }) => [id, groups]));
}

/** Finds the groups that have several voters in a topic, those of these votes included. */
export async function findShared(
  trx: Transaction,
  votes: Entry[],
  groups: Map<number, string[]>,
): Promise<Set<string>> {
  const someone = new Map<string, number>();
  const shared = new Set<string>();
  for (const { topicId, voterId } of votes)
    for (const group of groups.get(voterId ?? 0) ?? []) {
      const key = keyOf({ topicId, group });
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
      where ${isOf('voters')} and voters.id <> voter)`.execute(trx.withoutPlugins());
  for (const row of rows) shared.add(keyOf(row));
  return shared;
}

/** Finds the groups whose standing votes are less than half as many as were fitted. */
export async function findMinorities(trx: Transaction, shared: Set<string>): Promise<Set<string>> {
  if (shared.size === 0) return new Set();
  const [topics, names] = columnsOf(shared);
  const { rows } = await sql<{ topicId: number; group: string }>`
    select topic as "topicId", name as "group"
    from unnest(${topics}::bigint[], ${names}::text[]) as wanted (topic, name) join fits on fits.topic_id = topic
    where fits.votes > 2 * (
      select coalesce(sum(topic_voters.votes - skips), 0) from voters join topic_voters on voter_id = voters.id
      where ${isOf('voters')} and topic_voters.topic_id = topic and not ${isExcluded('topic_voters')})`.execute(
    trx.withoutPlugins(),
  );
  return new Set(rows.map(keyOf));
}

/** Finds the groups for which no lean is stored. */
export async function findWithoutLean(trx: Transaction, groups: Set<string>): Promise<Set<string>> {
  if (groups.size === 0) return new Set();
  const [topics, names] = columnsOf(groups);
  const { rows } = await sql<{ topicId: number; group: string }>`
    select topic as "topicId", name as "group" from unnest(${topics}::bigint[], ${names}::text[]) as wanted (topic, name)
    where not exists (select from group_leans where topic_id = topic and network_group = wanted.name)`.execute(
    trx.withoutPlugins(),
  );
  return new Set(rows.map(keyOf));
}

/** Reads the leans of groups towards some things. */
export async function readLeans(
  trx: Transaction,
  groups: Set<string>,
  thingIds: number[],
): Promise<StoredLean[]> {
  if (groups.size === 0) return [];
  const [topics, names] = columnsOf(groups);
  const { rows } = await sql<StoredLean>`
    select topic_id as "topicId", network_group as "group", thing_id as "thingId", sum, variance
    from group_leans join unnest(${topics}::bigint[], ${names}::text[]) as wanted (topic, name)
      on topic_id = topic and network_group = wanted.name
    where thing_id = any (${thingIds}::bigint[])`.execute(trx.withoutPlugins());
  return rows;
}

/** Of a group that is judged for the first time, so many of the latest votes make its lean. */
const MAX_VOTES = 5_000;

/**
 * Reads the latest votes of groups that have no lean yet, as they count at a position. What was expected of them comes
 * from the latest fit, because no earlier one is kept.
 */
export async function readVotes(trx: Transaction, groups: Set<string>, at: Position): Promise<GroupVote[]> {
  if (groups.size === 0) return [];
  const [topics, names] = columnsOf(groups);
  const { rows } = await sql<GroupVote & { leftMean: number; rightMean: number }>`
    select topic as "topicId", name as "group", left_id as "leftId", right_id as "rightId", outcome,
      coalesce(l.fitted_mean, 0) as "leftMean", coalesce(r.fitted_mean, 0) as "rightMean"
    from unnest(${topics}::bigint[], ${names}::text[]) as wanted (topic, name) cross join lateral (
        select left_id, right_id, outcome from voters join votes on voter_id = voters.id
        where ${isOf('voters')} and votes.topic_id = topic and not provisional and outcome <> 'skip'
          and strategy <> 'import' and (xid, votes.id) <= ${positionSql(at)}
          and (withdrawn_xid is null or (withdrawn_xid, votes.id) > ${positionSql(at)})
          and not ${isExcluded('votes', positionSql(at))}
        order by votes.xid desc, votes.id desc limit ${MAX_VOTES}) as latest
      left join ratings as l on l.thing_id = left_id left join ratings as r on r.thing_id = right_id`.execute(
    trx.withoutPlugins(),
  );
  return rows.map(({ leftMean, rightMean, ...vote }) => ({
    ...vote,
    expected: winChance(leftMean - rightMean),
  }));
}

/** Reads the means of the last fits for the things of some votes, by the thing's id. */
export async function readFittedMeans(trx: Transaction, votes: Entry[]): Promise<Map<number, number>> {
  const thingIds = thingsOf(votes);
  if (thingIds.length === 0) return new Map();
  const { rows } = await sql<{ id: number; mean: number }>`
    select thing_id as id, fitted_mean as mean from ratings where thing_id = any (${thingIds}::bigint[])`.execute(
    trx.withoutPlugins(),
  );
  return new Map(rows.map(({ id, mean }) => [id, mean]));
}
