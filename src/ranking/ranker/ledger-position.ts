import { type RawBuilder, sql } from 'kysely';

/** A position in the ledger: the entry up to which, and including which, it was read. */
export interface Position {
  /** The transaction's id as text, because it can be too large for a JavaScript number. */
  xid: string;
  id: number;
}

/** The position before the first entry of any ledger. */
export const LEDGER_START: Position = { xid: '0', id: 0 };

/** A part of the ledger: the entries after `from`, up to and including `upTo`. */
export interface LedgerRange {
  from: Position;
  upTo: Position;
}

/** A position as SQL, to compare with `(xid, id)` of a row. */
export const positionSql = ({ xid, id }: Position): RawBuilder<unknown> => sql`(${xid}::xid8, ${id}::bigint)`;
