import { createHash } from 'node:crypto';
import { sql } from 'kysely';

/** One event of a person's chain, exactly as it was hashed; docs/security.md has the canonical form. */
export interface ChainedEvent {
  /** Its number in the person's chain, from 1. */
  sequence: number;
  sessionId: number | null;
  kind: string;
  /** UTC, ISO 8601 with microseconds: `2026-11-21T14:05:00.123456Z`. */
  at: string;
  reason: string | null;
  /** Salted digest of device and address; null for an event that came from no device. */
  originDigest: string | null;
  /** 32 hex characters; null when the device and address are shortened or deleted. */
  salt: string | null;
  device: string | null;
  address: string | null;
  /** The hash of the event before; 64 zeros for the first. */
  previousHash: string;
  hash: string;
}

/** The columns of a `ChainedEvent`. */
export const eventColumns = sql`session_events.sequence, session_id, kind, reason, origin_digest, previous_hash,
  session_events.hash, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
  encode(salt, 'hex') as salt, device, address`;

/** Where the columns of a `ChainedEvent` are. */
export const eventTables = sql`session_events left join session_event_origins on event_id = session_events.id`;

/** The hash that an event must have in a person's chain, at a given number in it. */
export function hashOf(userId: number | null, event: ChainedEvent, sequence: number): string {
  const { sessionId, kind, at, reason, originDigest, previousHash } = event;
  return digest([sequence, userId, sessionId, kind, at, reason, originDigest, previousHash]);
}

/** Whether device and address are those that the chain commits to. They are not checked once they are shortened. */
export function isOriginTrue({ salt, device, address, originDigest }: ChainedEvent): boolean {
  return salt === null || digest([salt, device, address]) === originDigest;
}

type Field = string | number | null;

const digest = (fields: Field[]): string =>
  createHash('sha256').update(fields.map(escapeField).join('\n')).digest('hex');

// A backslash and a line's end are escaped, and \N stands for nothing, as in the text form of Postgres's COPY.
const escapeField = (value: Field): string =>
  value === null ? '\\N' : String(value).replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
