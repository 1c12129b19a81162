import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { EndReason } from '../../schema.js';

/** A session, as its owner sees it in the list of devices. */
export interface Device {
  publicId: string;
  device: string;
  /** An address, or a network for an older session; null for a very old one. */
  address: string | null;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  endedAt: Date | null;
  endReason: EndReason | null;
}

/** A user's live sessions, last active first, and the sessions that ended within 28 days. */
export async function listDevices(
  db: Database,
  userId: number,
): Promise<{ live: Device[]; ended: Device[] }> {
  const rows = await db
    .selectFrom('sessions')
    .where('userId', '=', userId)
    .where((row) =>
      row.or([row('status', '=', 'active'), row('endedAt', '>', sql<Date>`now() - interval '28 days'`)]),
    )
    .select(['publicId', 'device', 'address', 'createdAt', 'lastSeenAt', 'expiresAt', 'endedAt', 'endReason'])
    .orderBy(sql`coalesce(ended_at, last_seen_at)`, 'desc')
    .limit(100)
    .execute();
  const devices = rows.map((row) => ({ ...row, device: row.device ?? 'An unknown browser' }));
  return {
    live: devices.filter((device) => !device.endedAt),
    ended: devices.filter((device) => device.endedAt),
  };
}
