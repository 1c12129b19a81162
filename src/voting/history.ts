import type { Database } from '../database.js';
import type { Vote } from './voting.js';

/** One of a person's votes with the names of what it was between. */
export interface NamedVote extends Vote {
  left: string;
  right: string;
  topic: string;
}

/** A voter's votes that stand, newest first. @param before the id to go on from, for the next page */
export async function votesOf(
  db: Database,
  voter: number,
  { before = Number.MAX_SAFE_INTEGER, limit = 20 } = {},
): Promise<NamedVote[]> {
  return db
    .selectFrom('votes')
    .innerJoin('things as l', 'l.id', 'votes.leftId')
    .innerJoin('things as r', 'r.id', 'votes.rightId')
    .innerJoin('topics', 'topics.id', 'votes.topicId')
    .where('voterId', '=', voter)
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
    .select(['votes.createdAt', 'withdrawnAt', 'l.name as left', 'r.name as right', 'topics.title as topic'])
    .orderBy('votes.id', 'desc')
    .limit(limit)
    .execute();
}

/** How many of a voter's votes stand, skips left out. */
export async function countVotes(db: Database, voter: number): Promise<number> {
  const { votes } = await db
    .selectFrom('votes')
    .where('voterId', '=', voter)
    .where('withdrawnAt', 'is', null)
    .where('outcome', '<>', 'skip')
    .select((expression) => expression.fn.countAll<number>().as('votes'))
    .executeTakeFirstOrThrow();
  return votes;
}
