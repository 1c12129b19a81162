import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { sessionEvents } from '../../metrics.js';

interface AuditEvent {
  kind: string;
  userId: number | null;
  sessionId: number | null;
  reason?: string | undefined;
  /** The device and the address that caused it; none for an event without a request. */
  client?: { device: string; address: string } | undefined;
}

/**
 * Adds one event to the chain of a user, or to the chain of nobody. Call it in the transaction of the change
 * that it describes. An event of an account that was closed meanwhile goes to the chain of nobody.
 */
export async function recordEvent(
  db: Database,
  { kind, userId, sessionId, reason, client }: AuditEvent,
): Promise<void> {
  // The salt is a random UUID: 16 bytes, 122 bits of them random. Postgres has no other strong randomness
  // built in.
  await sql`
    with origin as (
      select uuid_send(gen_random_uuid()) as salt, ${client?.device ?? null}::text as device,
        ${client?.address ?? null}::text as address
      where ${client !== undefined}::boolean),
    event as (
      insert into session_events (kind, user_id, session_id, reason, origin_digest)
      values (${kind},
        (select id from users where id = ${userId}::bigint for key share),
        (select id from sessions where id = ${sessionId}::bigint for key share),
        ${reason ?? null}::text,
        (select origin_digest(salt, device, address) from origin))
      returning id)
    insert into session_event_origins (event_id, salt, device, address)
    select id, salt, device, address from event, origin`.execute(db);
  sessionEvents.inc({ kind });
}
