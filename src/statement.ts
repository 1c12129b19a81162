import { CompiledQuery } from 'kysely';
import type { Database } from './database.js';

/**
 * A statement of the hot path, written as text. Kysely's builder takes longer to write a short statement than everything
 * else that asking it costs (174 against 61 µs), so what most requests ask is written once.
 * @param text with `$1`, `$2` … where values go; columns come back in camel case
 */
export function statement<Row>(text: string): (db: Database, ...values: unknown[]) => Promise<Row[]> {
  return async (db, ...values) => (await db.executeQuery<Row>(CompiledQuery.raw(text, values))).rows;
}
