import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Database } from '../../../src/database.js';
import type { Votes } from '../../../src/ranking/math/graph.js';
import { applyVote, initialEstimates } from '../../../src/ranking/math/online-update.js';
import { refit } from '../../../src/ranking/math/refit.js';

/** Compares a topic's stored ratings with the expected ones, in which every vote counts exactly once. */
export async function expectCorrectRatings(db: Database, topicId: number): Promise<void> {
  const stored = await db
    .selectFrom('ratings')
    .where('topicId', '=', topicId)
    .select(['thingId', 'mean', 'variance', 'wins', 'losses', 'ties'])
    .orderBy('thingId')
    .execute();
  const expected = await expectedRatings(db, topicId);
  expect(stored).toEqual(
    expected.map(({ mean, variance, ...counts }) => ({
      ...counts,
      mean: expect.closeTo(mean, 9),
      variance: expect.closeTo(variance, 9),
    })),
  );
}

/** A topic's ratings, worked out in the simplest way from the ledger and the row of the last fit. */
async function expectedRatings(db: Database, topicId: number) {
  const things = await db
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .select('id')
    .orderBy('id')
    .execute();
  const indexes = new Map(things.map(({ id }, index) => [id, index]));
  const [fitted, later] = [await votesOf(db, topicId, true), await votesOf(db, topicId, false)];
  const estimates = initialEstimates(things.length);
  const fit = await db.selectFrom('fits').where('topicId', '=', topicId).select('spread').executeTakeFirst();
  if (fit) {
    const { means, variances } = refit(asVotes(fitted, indexes), { tolerance: 1e-8 });
    for (const [id, index] of indexes) {
      const isFitted = fitted.some(({ leftId, rightId }) => leftId === id || rightId === id);
      estimates.means[index] = isFitted ? (means[index] ?? 0) : 0;
      estimates.variances[index] = isFitted ? (variances[index] ?? 0) : fit.spread;
    }
  }
  for (const { leftId, rightId, score, weight } of later)
    applyVote(estimates, {
      left: indexes.get(leftId) ?? 0,
      right: indexes.get(rightId) ?? 0,
      score,
      weight,
    });
  return things.flatMap(({ id }, index) => {
    const votes = [...fitted, ...later].filter(({ leftId, rightId }) => leftId === id || rightId === id);
    if (votes.length === 0) return [];
    const scores = votes.map(({ leftId, score }) => (leftId === id ? score : 1 - score));
    const count = (result: number): number => scores.filter((score) => score === result).length;
    const [mean, variance] = [estimates.means[index] ?? 0, estimates.variances[index] ?? 0];
    return [{ thingId: id, mean, variance, wins: count(1), losses: count(0), ties: count(0.5) }];
  });
}

interface Row {
  leftId: number;
  rightId: number;
  voterId: number | null;
  score: number;
  weight: number;
}

async function votesOf(db: Database, topicId: number, areFitted: boolean): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select left_id, right_id, votes.voter_id, coalesce(weight, 1) as weight,
      (case outcome when 'left' then 1 when 'right' then 0 else 0.5 end)::float8 as score
    from votes left join fits on fits.topic_id = votes.topic_id left join vote_weights on vote_id = votes.id
    where votes.topic_id = ${topicId} and withdrawn_at is null and outcome <> 'skip'
      and coalesce((select kind from voter_events where voter_events.voter_id = votes.voter_id
        order by voter_events.xid desc, voter_events.id desc limit 1), 'restored') = 'restored'
      and ((votes.xid, votes.id) <= (coalesce(fits.xid, '0'), coalesce(fits.id, 0))) = ${areFitted}
    order by votes.xid, votes.id`.execute(db);
  return rows;
}

function asVotes(rows: Row[], indexes: Map<number, number>): Votes {
  const voters = [...new Set(rows.map(({ voterId }) => voterId))].filter((voterId) => voterId !== null);
  return {
    size: indexes.size,
    count: rows.length,
    left: Int32Array.from(rows, ({ leftId }) => indexes.get(leftId) ?? 0),
    right: Int32Array.from(rows, ({ rightId }) => indexes.get(rightId) ?? 0),
    score: Float32Array.from(rows, ({ score }) => score),
    weight: Float32Array.from(rows, ({ weight }) => weight),
    voter: Int32Array.from(rows, ({ voterId }) => (voterId === null ? -1 : voters.indexOf(voterId))),
  };
}
