import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Entry, Position } from './ledger.js';

/** Where the ranker has got to in the ledger. */
export async function readPosition(db: Database): Promise<Position> {
  const { rows } = await sql<Position>`select xid::text as xid, id from ranker_position`.execute(db);
  return rows[0] ?? { xid: '0', id: 0 };
}

/**
 * Makes every process load a topic's board again, and the ranker its things. Call it when they change.
 * @param trx the transaction of that change
 */
export async function announceThings(trx: Database, topicId: number): Promise<void> {
  await sql`update ranker_position set generation = generation + 1`.execute(trx);
  await sql`update boards set changes = changes + 1, version = version + 1 where topic_id = ${topicId}`.execute(
    trx,
  );
}

type Place = Pick<Entry, 'xidText' | 'id'>;

/** The position right behind an entry of the ledger. */
export const positionOf = ({ xidText, id }: Place): Position => ({ xid: xidText, id });

/** The later one of a position and the position behind an entry. */
export function laterOf(reached: Position, entry: Place | undefined): Position {
  if (!entry) return reached;
  const [xid, entryXid] = [BigInt(reached.xid), BigInt(entry.xidText)];
  return xid > entryXid || (xid === entryXid && reached.id > entry.id) ? reached : positionOf(entry);
}
