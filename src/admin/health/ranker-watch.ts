import type { Database } from '../../database.js';
import { statement } from '../../statement.js';

/**
 * Tells how long the ranker has left the same vote unread. The time of the vote itself does not tell it: imported
 * votes, and those of guests who registered, are older than their place in the ledger.
 */
export class RankerWatch {
  #first: string | undefined;
  #seenAt = 0;

  /**
   * Looks at the first vote that the ranker has not read.
   * @returns seconds since an earlier look first saw that vote; 0 when it is a new one, or when none waits
   */
  async secondsBehind(db: Database): Promise<number> {
    const [row] = await findFirstWaiting(db);
    const first = row && `${row.xid} ${row.id}`;
    const now = performance.now();
    if (first === undefined || first !== this.#first) this.#seenAt = now;
    this.#first = first;
    return (now - this.#seenAt) / 1_000;
  }
}

// Read by the index of the ledger's order.
const findFirstWaiting = statement<{ xid: string; id: number }>(`
  select votes.xid::text as xid, votes.id from votes, ranker_position as position
  where not provisional and (votes.xid, votes.id) > (position.xid, position.id)
  order by votes.xid, votes.id limit 1`);
