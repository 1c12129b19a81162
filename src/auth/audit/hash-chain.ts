import { sql } from 'kysely';
import type { Database } from '../../database.js';
import {
  type ChainedEvent,
  eventColumns,
  eventTables,
  hashOf,
  matchesOriginDigest,
} from './chained-event.js';

/** The first event that differs from what was recorded, or a session without a log-in event. */
export interface Break {
  /** The user whose chain is broken; null for the chain of events without a user. */
  userId: number | null;
  /** The event's number in the chain; undefined when the break is about a session. */
  sequence: number | undefined;
  /** What is wrong. It follows the event ("was removed"), or the user's name when there is no event. */
  finding: string;
}

/** The result of checking all chains. */
interface Audit {
  events: number;
  chains: number;
  broken: Break | undefined;
}

/** A user's events in the order of the chain, for the user to check. Uncommitted events are left out. */
export async function eventsOf(db: Database, userId: number): Promise<ChainedEvent[]> {
  const { rows } = await sql<ChainedEvent>`
    select ${eventColumns} from ${eventTables}
    where coalesce(user_id, 0) = ${userId} and hash is not null order by sequence`.execute(db);
  return rows;
}

/**
 * The number of events in a user's chain and the receipt of the last: the first 12 digits of its hash. The
 * receipt stays valid as long as no event up to it is changed. Undefined when there is no event yet.
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
 * Recomputes every chain on one snapshot. It finds the first event, by user and by number, that was changed,
 * removed, moved or added while the triggers were off. If there is none, it finds the first session without a
 * log-in event: a history that was removed together with the end of its chain leaves such sessions.
 */
export async function verifyChains(db: Database): Promise<Audit> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const audit: Audit = { events: 0, chains: 0, broken: undefined };
      let last: Link | undefined;
      for await (const link of readLinks(trx)) {
        const isSameChain = last?.userKey === link.userKey;
        audit.broken =
          (last && !isSameChain && checkHead(last)) || checkLink(link, isSameChain ? last : undefined);
        if (audit.broken) return audit;
        audit.events++;
        if (!isSameChain) audit.chains++;
        last = link;
      }
      audit.broken =
        (last && checkHead(last)) ??
        (await findRemovedChain(trx)) ??
        (await findUnchainedEvent(trx)) ??
        (await findSessionWithoutLogIn(trx));
      return audit;
    });
}

interface Link extends ChainedEvent {
  userKey: number;
  headSequence: number | null;
  headHash: string | null;
}

const PAGE_SIZE = 1000;
const FIRST_PREVIOUS_HASH = '0'.repeat(64);

async function* readLinks(db: Database): AsyncGenerator<Link> {
  let after = { userKey: -1, sequence: 0 };
  for (;;) {
    const { rows } = await sql<Link>`
      select ${eventColumns}, coalesce(session_events.user_id, 0) as user_key,
        head.sequence as head_sequence, head.hash as head_hash
      from ${eventTables} left join chain_heads as head on head.user_key = coalesce(session_events.user_id, 0)
      where (coalesce(session_events.user_id, 0), session_events.sequence)
        > (${after.userKey}::bigint, ${after.sequence}::bigint) and session_events.sequence is not null
      order by coalesce(session_events.user_id, 0), session_events.sequence limit ${PAGE_SIZE}`.execute(db);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE_SIZE) return;
    after = last;
  }
}

function checkLink(link: Link, previous: Link | undefined): Break | undefined {
  const { sequence } = link;
  const expected = (previous?.sequence ?? 0) + 1;
  const isBeyondHead = link.headSequence !== null && expected > link.headSequence;
  if (sequence > expected && !isBeyondHead) return createBreak(link, expected, 'was removed');
  if (sequence !== expected || isBeyondHead) return createBreak(link, sequence, 'was added');
  const userId = link.userKey || null;
  if (hashOf(userId, link, sequence) !== link.hash) {
    for (let other = 1; other <= (link.headSequence ?? 0); other++)
      if (hashOf(userId, link, other) === link.hash)
        return createBreak(link, sequence, `was number ${other} before`);
    return createBreak(link, sequence, 'was changed');
  }
  if (!matchesOriginDigest(link)) return createBreak(link, sequence, 'was changed');
  if (link.previousHash === (previous?.hash ?? FIRST_PREVIOUS_HASH)) return undefined;
  return createBreak(link, Math.max(sequence - 1, 1), 'was changed and hashed anew');
}

function checkHead(last: Link): Break | undefined {
  const { sequence, hash, headSequence, headHash } = last;
  if (headSequence === null) return createBreak(last, sequence, 'is the last, but the chain has no head');
  if (headSequence > sequence) return createBreak(last, sequence + 1, 'was removed');
  return headHash === hash ? undefined : createBreak(last, sequence, 'was changed and hashed anew');
}

// A chain with a head but without events.
async function findRemovedChain(db: Database): Promise<Break | undefined> {
  const { rows } = await sql<{ userKey: number }>`
    select user_key from chain_heads as head
    where sequence > 0 and not exists (
      select from session_events where coalesce(user_id, 0) = user_key and session_events.sequence is not null)
    order by user_key limit 1`.execute(db);
  return rows[0] && createBreak(rows[0], 1, 'was removed');
}

// A trigger chains events at each commit, so an unchained event was added while the trigger was off.
async function findUnchainedEvent(db: Database): Promise<Break | undefined> {
  const { rows } = await sql<{ userKey: number; sequence: number }>`
    select coalesce(event.user_id, 0) as user_key, coalesce(head.sequence, 0) + 1 as sequence
    from session_events as event left join chain_heads as head on head.user_key = coalesce(event.user_id, 0)
    where event.hash is null or event.sequence is null order by 1, event.id limit 1`.execute(db);
  return rows[0] && createBreak(rows[0], rows[0].sequence, 'was added');
}

async function findSessionWithoutLogIn(db: Database): Promise<Break | undefined> {
  const { rows } = await sql<{ id: number; userId: number }>`
    select id, user_id from sessions
    where not exists (
      select from session_events as event
      where event.session_id = sessions.id and event.user_id = sessions.user_id and kind = 'login')
    order by user_id, id limit 1`.execute(db);
  const [session] = rows;
  const finding = `has a session (${session?.id}) without a log-in event`;
  return session && { userId: session.userId, sequence: undefined, finding };
}

const createBreak = ({ userKey }: { userKey: number }, sequence: number, finding: string): Break => ({
  userId: userKey || null,
  sequence,
  finding,
});
