import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { VoterEventsTable } from '../../schema.js';

/** A voter of a topic, as those who run it see them. */
export interface Judge {
  voterId: number;
  /** Names the voter in the forms of this topic, 16 hex characters. It tells nothing in another topic. */
  key: string;
  /** The name on the invitation or in a file of votes. Others are guests or members with a number. */
  name: string;
  team: string | null;
  /** Votes that stand, without skips. */
  votes: number;
  /** When they voted last. */
  latest: Date;
  /** Whether the organisers, or an operator, leave out their votes. */
  state: 'counted' | 'set apart' | 'voided' | 'left out';
}

/**
 * Lists the voters of a topic whose votes count, or would. Guests and members without an invitation get numbers in the
 * order of their first votes, which stay the same.
 */
export async function readJudges(
  db: Database,
  { topicId, secret }: { topicId: number; secret: string },
): Promise<Judge[]> {
  const { rows } = await sql<JudgeRow>`
    select judges.voter_id, kind, coalesce(invitations.name, substr(imported_as, strpos(imported_as, '/') + 1)) as name, team, votes,
      latest, ${newestEvent(sql`= ${topicId}`)} as event, ${newestEvent(sql`is null`)} as everywhere
    from (
      select voter_id, (count(*) filter (where withdrawn_at is null and outcome <> 'skip'))::int as votes,
        max(created_at) as latest, min(id) as first_id
      from votes where topic_id = ${topicId} and not provisional and voter_id is not null group by voter_id
    ) as judges join voters on voters.id = judges.voter_id
      left join invitations on invitations.voter_id = judges.voter_id and invitations.topic_id = ${topicId}
    order by first_id`.execute(db);
  return rows
    .map(({ kind, name, event, everywhere, ...row }, index) => ({
      ...row,
      key: keyOf({ topicId, voterId: row.voterId }, secret),
      name: name ?? `${kind === 'member' ? 'Member' : 'Guest'} ${index + 1}`,
      state: isOut(everywhere) ? ('left out' as const) : isOut(event) ? event : ('counted' as const),
    }))
    .filter(({ votes }) => votes > 0);
}

type VoterEvent = VoterEventsTable['kind'];

interface JudgeRow extends Omit<Judge, 'key' | 'state' | 'name'> {
  kind: string;
  name: string | null;
  event: VoterEvent | null;
  everywhere: VoterEvent | null;
}

const isOut = (event: VoterEvent | null): event is 'set apart' | 'voided' =>
  event !== null && event !== 'restored';

const newestEvent = (ofTopic: ReturnType<typeof sql>) => sql`(
  select event.kind from voter_events as event where event.voter_id = judges.voter_id and event.topic_id ${ofTopic}
  order by event.xid desc, event.id desc limit 1)`;

// The ids of members would tell who is the same person in two topics.
const keyOf = ({ topicId, voterId }: { topicId: number; voterId: number }, secret: string): string =>
  createHmac('sha256', secret).update(`thinga judge\n${topicId}\n${voterId}`).digest('hex').slice(0, 16);
