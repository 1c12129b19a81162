import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Entry, Position } from './ledger.js';

/** Where the ranker has got to in the ledger. */
export async function readPosition(db: Database): Promise<Position> {
  const { rows } = await sql<Position>`select xid::text as xid, id from ranker_position`.execute(db);
  return rows[0] ?? { xid: '0', id: 0 };
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
