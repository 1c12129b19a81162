import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { readEnd } from '../ranker/closing.js';
import { type Position, positionSql } from '../ranker/ledger-position.js';

/** Figures for organisers move in steps of so many votes, so that they never show what a single new vote did. */
const STEP = 10;

/** The last vote of a topic that completes ten. */
interface Step {
  upTo: Position;
  /** How many votes there are up to it, skips included. */
  votes: number;
}

/** Finds the last vote of a topic that completes ten; undefined before there are ten. */
export async function findLastStep(db: Database, topicId: number): Promise<Step | undefined> {
  const ofTopic = sql`votes where topic_id = ${topicId} and not provisional
    and (votes.xid, votes.id) <= ${positionSql(await readEnd(db, topicId))}`;
  const { rows } = await sql<Position & { votes: number }>`
    select xid::text as xid, id, number::int as votes
    from (select xid, id, row_number() over (order by votes.xid, id) as number from ${ofTopic}) as numbered
    where number % ${STEP} = 0 order by number desc limit 1`.execute(db);
  const [step] = rows;
  return step && { upTo: { xid: step.xid, id: step.id }, votes: step.votes };
}
