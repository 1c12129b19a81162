import { createHash } from 'node:crypto';
import { sql } from 'kysely';

/** One event of a user's chain, exactly as it was hashed. docs/security.md describes the form. */
export interface ChainedEvent {
  /** Its number in the user's chain, from 1. */
  sequence: number;
  sessionId: number | null;
  kind: string;
  /** UTC, ISO 8601 with microseconds: `2026-11-21T14:05:00.123456Z`. */
  at: string;
  reason: string | null;
  /** Salted digest of device and address; null for an event without a device. */
  originDigest: string | null;
  /** 32 hex characters; null when the device and address are shortened or deleted. */
  salt: string | null;
  device: string | null;
  address: string | null;
  /** The hash of the event before it; 64 zeros for the first. */
  previousHash: string;
  hash: string;
}

/** The columns of a `ChainedEvent`. */
export const eventColumns = sql`session_events.sequence, session_id, kind, reason, origin_digest, previous_hash,
  session_events.hash, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
  encode(salt, 'hex') as salt, device, address`;

/** The tables of the columns of a `ChainedEvent`. */
export const eventTables = sql`session_events left join session_event_origins on event_id = session_events.id`;

/** The hash that an event must have at a given number of a user's chain. */
export function hashOf(userId: number | null, event: ChainedEvent, sequence: number): string {
  const { sessionId, kind, at, reason, originDigest, previousHash } = event;
  return digest([sequence, userId, sessionId, kind, at, reason, originDigest, previousHash]);
}

/**
 * Whether device and address match the digest in the chain. Once they are shortened, they are not checked.
 */
export function matchesOriginDigest({ salt, device, address, originDigest }: ChainedEvent): boolean {
  return salt === null || digest([salt, device, address]) === originDigest;
}

type Field = string | number | null;

const digest = (fields: Field[]): string =>
  createHash('sha256').update(fields.map(escapeField).join('\n')).digest('hex');

// The text format of Postgres's COPY: backslashes and line ends are escaped, and \N means null.
const escapeField = (value: Field): string =>
  value === null ? '\\N' : String(value).replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
