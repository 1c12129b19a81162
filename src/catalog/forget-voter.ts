import { sql } from 'kysely';
import type { Transaction } from '../database.js';

/**
 * Takes a voter who leaves off what they proposed and flagged. Both stay, without a voter. An invitation stays as it
 * is: it is the organisers' list of who has a vote, and without its voter somebody could vote twice.
 */
export async function forgetVoter(trx: Transaction, voterId: number): Promise<void> {
  await sql`update suggestions set voter_id = null where voter_id = ${voterId}`.execute(trx);
  await sql`update flags set voter_id = null where voter_id = ${voterId}`.execute(trx);
}
