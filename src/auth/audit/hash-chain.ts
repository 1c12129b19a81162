import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { type ChainedEvent, eventColumns, eventTables, hashOf, isOriginTrue } from './chained-event.js';

/** The first event that is not what was recorded, or a session that none tells of. */
export interface Break {
  /** Whose chain it is in; null for the chain of events that belong to nobody. */
  userId: number | null;
  /** The event's number in the chain; undefined when it is about a session. */
  sequence: number | undefined;
  /** What became of it, after the event's name ("was removed"), or after the person's. */
  what: string;
}

/** What all chains were found to be. */
export interface Audit {
  events: number;
  chains: number;
  broken: Break | undefined;
}

/** A person's events in the order of their chain, for the owner to check; those not committed yet are left out. */
export async function eventsOf(db: Database, userId: number): Promise<ChainedEvent[]> {
  const { rows } = await sql<ChainedEvent>`
    select ${eventColumns} from ${eventTables}
    where coalesce(user_id, 0) = ${userId} and hash is not null order by sequence`.execute(db);
  return rows;
}

/**
 * How many events a person's chain has, and the receipt of the last: the first 12 digits of its hash, which are
 * the same as long as nothing up to it is changed. Undefined when nothing has happened yet.
 */
export async function headOf(
  db: Database,
  userId: number,
): Promise<{ sequence: number; receipt: string } | undefined> {
  const head = await db
    .selectFrom('chainHeads')
    .where('userKey', '=', userId)
    .select(['sequence', 'hash'])
    .executeTakeFirst();
  return head && { sequence: head.sequence, receipt: head.hash.slice(0, 12).replace(/.{4}(?=.)/g, '$& ') };
}

/**
 * Recomputes every chain, on one snapshot, and finds the first event that was changed, removed, moved or added
 * behind the triggers' back, in the order of people and of their events; then the first session whose beginning no event
 * tells, which is how a history shows that was removed with the end of its chain.
 */
export async function verifyChains(db: Database): Promise<Audit> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const audit: Audit = { events: 0, chains: 0, broken: undefined };
      let last: Link | undefined;
      for await (const link of linksOf(trx)) {
        const goesOn = last?.userKey === link.userKey;
        audit.broken = (last && !goesOn && breakAtEnd(last)) || breakAt(link, goesOn ? last : undefined);
        if (audit.broken) return audit;
        audit.events++;
        if (!goesOn) audit.chains++;
        last = link;
      }
      audit.broken =
        (last && breakAtEnd(last)) ?? (await vanished(trx)) ?? (await unchained(trx)) ?? (await untold(trx));
      return audit;
    });
}

interface Link extends ChainedEvent {
  userKey: number;
  headSequence: number | null;
  headHash: string | null;
}

const PAGE = 1000;
const NOTHING = '0'.repeat(64);

async function* linksOf(db: Database): AsyncGenerator<Link> {
  let after = { userKey: -1, sequence: 0 };
  for (;;) {
    const { rows } = await sql<Link>`
      select ${eventColumns}, coalesce(session_events.user_id, 0) as user_key,
        head.sequence as head_sequence, head.hash as head_hash
      from ${eventTables} left join chain_heads as head on head.user_key = coalesce(session_events.user_id, 0)
      where (coalesce(session_events.user_id, 0), session_events.sequence)
        > (${after.userKey}::bigint, ${after.sequence}::bigint) and session_events.sequence is not null
      order by coalesce(session_events.user_id, 0), session_events.sequence limit ${PAGE}`.execute(db);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last;
  }
}

function breakAt(link: Link, before: Link | undefined): Break | undefined {
  const { sequence } = link;
  const due = (before?.sequence ?? 0) + 1;
  const isBeyondHead = link.headSequence !== null && due > link.headSequence;
  if (sequence > due && !isBeyondHead) return broken(link, due, 'was removed');
  if (sequence !== due || isBeyondHead) return broken(link, sequence, 'was added');
  const userId = link.userKey || null;
  if (hashOf(userId, link, sequence) !== link.hash) {
    for (let other = 1; other <= (link.headSequence ?? 0); other++)
      if (hashOf(userId, link, other) === link.hash)
        return broken(link, sequence, `was number ${other} before`);
    return broken(link, sequence, 'was changed');
  }
  if (!isOriginTrue(link)) return broken(link, sequence, 'was changed');
  if (link.previousHash === (before?.hash ?? NOTHING)) return undefined;
  return broken(link, Math.max(sequence - 1, 1), 'was changed and hashed anew');
}

function breakAtEnd(last: Link): Break | undefined {
  const { sequence, hash, headSequence, headHash } = last;
  if (headSequence === null)
    return broken(last, sequence, 'is the last, but nothing says so: the head is gone');
  if (headSequence > sequence) return broken(last, sequence + 1, 'was removed');
  return headHash === hash ? undefined : broken(last, sequence, 'was changed and hashed anew');
}

// Chains of which nothing but the head is left.
async function vanished(db: Database): Promise<Break | undefined> {
  const { rows } = await sql<{ userKey: number }>`
    select user_key from chain_heads as head
    where sequence > 0 and not exists (
      select from session_events where coalesce(user_id, 0) = user_key and session_events.sequence is not null)
    order by user_key limit 1`.execute(db);
  return rows[0] && broken(rows[0], 1, 'was removed');
}

// Every commit chains its events, unless the trigger was switched off.
async function unchained(db: Database): Promise<Break | undefined> {
  const { rows } = await sql<{ userKey: number; sequence: number }>`
    select coalesce(event.user_id, 0) as user_key, coalesce(head.sequence, 0) + 1 as sequence
    from session_events as event left join chain_heads as head on head.user_key = coalesce(event.user_id, 0)
    where event.hash is null or event.sequence is null order by 1, event.id limit 1`.execute(db);
  return rows[0] && broken(rows[0], rows[0].sequence, 'was added');
}

async function untold(db: Database): Promise<Break | undefined> {
  const { rows } = await sql<{ id: number; userId: number }>`
    select id, user_id from sessions
    where not exists (
      select from session_events as event
      where event.session_id = sessions.id and event.user_id = sessions.user_id and kind = 'login')
    order by user_id, id limit 1`.execute(db);
  const [session] = rows;
  const what = `has a session (${session?.id}) of whose log-in no event tells`;
  return session && { userId: session.userId, sequence: undefined, what };
}

const broken = ({ userKey }: { userKey: number }, sequence: number, what: string): Break => ({
  userId: userKey || null,
  sequence,
  what,
});
