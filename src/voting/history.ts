import type { Database } from '../database.js';
import type { Vote } from './voting.js';

/** A vote with the names of its things and its topic. */
export interface NamedVote extends Vote {
  left: string;
  right: string;
  topic: string;
  /** What the voter has written with it. */
  note: string | null;
}

/**
 * Lists a voter's standing votes, newest first.
 * @param before only votes with a smaller id, for the next page
 */
export async function votesOf(
  db: Database,
  voterId: number,
  { before = Number.MAX_SAFE_INTEGER, limit = 20 } = {},
): Promise<NamedVote[]> {
  return db
    .selectFrom('votes')
    .innerJoin('things as l', 'l.id', 'votes.leftId')
    .innerJoin('things as r', 'r.id', 'votes.rightId')
    .innerJoin('topics', 'topics.id', 'votes.topicId')
    .leftJoin('voteNotes', 'voteNotes.voteId', 'votes.id')
    .where('voterId', '=', voterId)
    .where('withdrawnAt', 'is', null)
    .where('votes.id', '<', before)
    .select([
      'votes.id',
      'ballotId',
      'votes.topicId',
      'leftId',
      'rightId',
      'outcome',
      'unknown',
      'strategy',
      'provisional',
    ])
    .select([
      'votes.createdAt',
      'withdrawnAt',
      'l.name as left',
      'r.name as right',
      'topics.title as topic',
      'note',
    ])
    .orderBy('votes.id', 'desc')
    .limit(limit)
    .execute();
}

/** Counts a voter's standing votes, without skips. */
export async function countVotes(db: Database, voterId: number): Promise<number> {
  const { votes } = await db
    .selectFrom('votes')
    .where('voterId', '=', voterId)
    .where('withdrawnAt', 'is', null)
    .where('outcome', '<>', 'skip')
    .select(({ fn }) => fn.countAll<number>().as('votes'))
    .executeTakeFirstOrThrow();
  return votes;
}
