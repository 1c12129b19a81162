import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Entry } from './ledger.js';
import { LEDGER_START, type Position } from './ledger-position.js';

/** The position up to which the ranker has folded the ledger. */
export async function readPosition(db: Database): Promise<Position> {
  const { rows } = await sql<Position>`select xid::text as xid, id from ranker_position`.execute(db);
  return rows[0] ?? LEDGER_START;
}

type EntryKey = Pick<Entry, 'xidText' | 'id'>;

/** The position of an entry of the ledger. */
export const positionOf = ({ xidText, id }: EntryKey): Position => ({ xid: xidText, id });

/** The later of a position and an entry's position; the position itself without an entry. */
export function laterOf(position: Position, entry: EntryKey | undefined): Position {
  if (!entry) return position;
  const [xid, entryXid] = [BigInt(position.xid), BigInt(entry.xidText)];
  return xid > entryXid || (xid === entryXid && position.id > entry.id) ? position : positionOf(entry);
}
