import { type RawBuilder, sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';

/** Voters who may be one person, and the thing of a topic that their votes push. */
export interface Suspects {
  topicId: number;
  title: string;
  thingId: number;
  thing: string;
  /** How many standard deviations their votes are from what was expected; below 0 for a thing that they push down. */
  deviation: number;
}

/** One of these voters. */
export interface Suspect {
  voterId: number;
  /** Null for a guest and for an invited voter. */
  username: string | null;
  createdAt: Date;
  /** Number of votes in the topic, without skips. */
  votes: number;
  /** Whether an admin has set their votes apart or made them void. */
  isOut: boolean;
}

/** An alarm of the ranker: the latest votes of a topic push a thing. */
export interface Alarm extends Suspects {
  id: number;
  at: Date;
}

/** A group of voters who came by the same network and lean towards a thing. */
export interface SuspectGroup extends Suspects {
  /** The keyed hash of the network. */
  group: string;
  /** Its start, to tell groups apart. */
  name: string;
  /** Whether it is an IPv6 /48, and not one address or one /64. */
  isWide: boolean;
  voters: number;
  votes: number;
  /** How many of them are set apart or void. */
  out: number;
  /** When the first and the last of them came. */
  firstAt: Date;
  lastAt: Date;
}

/** A group is listed from this deviation on. Its votes count less long before. */
export const LISTED_DEVIATION = 3;

const MAX_LISTED = 100;

/** Whether the votes of a voter are left out of all topics, by the newest decision of an admin. */
const IS_OUT = sql`coalesce((select kind <> 'restored' from voter_events
  where voter_events.voter_id = voters.id and voter_events.topic_id is null
  order by voter_events.id desc limit 1), false)`;

/** The latest alarms, newest first. */
export async function listAlarms(db: Database): Promise<Alarm[]> {
  return (await readAlarms(db, sql`true`)).slice(0, MAX_LISTED);
}

/** An alarm or a group, and its voters. */
export interface Found<Kind extends Suspects> {
  suspects: Kind;
  voters: Suspect[];
}

/**
 * Finds an alarm, and the voters behind it who came in the 24 hours before it and chose the thing. People who came
 * earlier are left out: most of those who like a thing are honest.
 * @returns undefined when there is no such alarm
 */
export async function findAlarm(db: Database, id: number): Promise<Found<Alarm> | undefined> {
  const [suspects] = await readAlarms(db, sql`site_events.id = ${id}`);
  return suspects && { suspects, voters: await readAlarmVoters(db, suspects) };
}

async function readAlarms(db: Database, condition: RawBuilder<unknown>): Promise<Alarm[]> {
  const { rows } = await sql<Alarm>`
    select site_events.id, at, site_events.topic_id, title, thing_id, things.name as thing,
      (details ->> 'deviation')::float8 as deviation
    from site_events join topics on topics.id = site_events.topic_id join things on things.id = thing_id
    where deleted_at is null and ${condition} order by site_events.id desc limit ${MAX_LISTED}`.execute(db);
  return rows;
}

function readAlarmVoters(db: Database, { at, topicId, thingId }: Alarm): Promise<Suspect[]> {
  return readVoters(
    db,
    topicId,
    sql`voters.created_at between ${at}::timestamptz - interval '1 day' and ${at}::timestamptz
      and exists (select from votes where votes.voter_id = voters.id and votes.topic_id = ${topicId}
        and withdrawn_at is null and (left_id = ${thingId} and outcome = 'left'
          or right_id = ${thingId} and outcome = 'right'))`,
  );
}

/** The groups that lean most, each with the thing towards which it does, and those that are set apart. */
export function listGroups(db: Database): Promise<SuspectGroup[]> {
  return readGroups(db, sql`abs(deviation) >= ${LISTED_DEVIATION}`);
}

/** Keeps what a group was like when it was set apart, or forgets it when its votes count again. */
export async function rememberSetApart(
  trx: Transaction,
  { topicId, group, thingId, deviation }: SuspectGroup,
  isSetApart: boolean,
): Promise<void> {
  const row = { topicId, networkGroup: group, thingId, deviation };
  if (isSetApart)
    await trx
      .insertInto('setApartGroups')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  else
    await trx
      .deleteFrom('setApartGroups')
      .where('topicId', '=', topicId)
      .where('networkGroup', '=', group)
      .execute();
}

/** Finds a group in a topic, and its voters; undefined when it leans towards nothing. */
export async function findGroup(
  db: Database,
  { topicId, group }: { topicId: number; group: string },
): Promise<Found<SuspectGroup> | undefined> {
  const [suspects] = await readGroups(db, sql`topic_id = ${topicId} and network_group = ${group}`);
  return suspects && { suspects, voters: await readGroupVoters(db, suspects) };
}

async function readGroups(db: Database, condition: RawBuilder<unknown>): Promise<SuspectGroup[]> {
  const { rows } = await sql<SuspectGroup>`
    with leaning as (
      select distinct on (topic_id, network_group) * from (
        select topic_id, network_group, thing_id, sum / sqrt(variance + 0.25) as deviation from group_leans
        union all select topic_id, network_group, thing_id, deviation from set_apart_groups) as leans
      where ${condition} order by topic_id, network_group, abs(deviation) desc),
    listed as (select * from leaning order by abs(deviation) desc limit ${MAX_LISTED})
    select listed.topic_id, title, listed.thing_id, things.name as thing, deviation, network_group as "group",
      left(network_group, 6) as name, members.*
    from listed join topics on topics.id = listed.topic_id join things on things.id = listed.thing_id
      cross join lateral (
        select count(*)::int as voters, sum(topic_voters.votes - skips)::int as votes,
          (count(*) filter (where ${IS_OUT}))::int as out, min(voters.created_at) as first_at,
          max(voters.created_at) as last_at, bool_and(voters.network_group <> listed.network_group) as is_wide
        from voters join topic_voters on voter_id = voters.id and topic_voters.topic_id = listed.topic_id
        where voters.network_group = listed.network_group or voters.wide_group = listed.network_group) as members
    where deleted_at is null and members.voters > 1 order by abs(deviation) desc`.execute(db);
  return rows;
}

function readGroupVoters(
  db: Database,
  { topicId, group }: Pick<SuspectGroup, 'topicId' | 'group'>,
): Promise<Suspect[]> {
  return readVoters(db, topicId, sql`(voters.network_group = ${group} or voters.wide_group = ${group})`);
}

async function readVoters(db: Database, topicId: number, condition: RawBuilder<unknown>): Promise<Suspect[]> {
  const { rows } = await sql<Suspect>`
    select voters.id as voter_id, username, voters.created_at, topic_voters.votes - skips as votes, ${IS_OUT} as is_out
    from voters join topic_voters on voter_id = voters.id and topic_voters.topic_id = ${topicId}
      left join users on users.id = voters.id
    where kind <> 'imported' and ${condition} order by voters.created_at, voters.id limit 1000`.execute(db);
  return rows;
}
