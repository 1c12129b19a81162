import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from './board.js';
import { BEGINNING, type Position, readStandingVotes } from './ledger.js';
import { scoreOf } from './ratings.js';

interface Published {
  position: Position;
  fit: (Position & { spread: number }) | null;
  isStale: boolean;
  things: { id: number; name: string; rank: number | null; fitVariance: number | null }[];
}

/**
 * Everything a topic's order follows from, as JSON in parts, for anyone to compute it again (docs/ranking.md has
 * a script): its things with their published ranks, and its votes in the order of the ledger, without who cast
 * them. Each vote is `[left, right, score, weight, fitted]`: numbers of things from 0, what the left one got (1, 0.5
 * or 0), the vote's weight (0 to 1), and 1 when it was part of the last fit of all votes, 0 when it came after.
 */
export async function* publishedData(db: Database, { topic }: Board): AsyncGenerator<string> {
  const { position, fit, isStale, things } = await readPublished(db, topic.id);
  const numbers = new Map(things.map(({ id }, number) => [id, number]));
  const head = {
    topic: topic.slug,
    title: topic.title,
    // Votes that were taken back a moment ago are still in the ranks: ask again after the next fit.
    isStale,
    spread: fit?.spread ?? 1,
    things: things.map(({ name, rank, fitVariance }) => ({ name, rank, fitVariance })),
  };
  yield `${JSON.stringify(head).slice(0, -1)},"votes":[`;
  let separator = '\n';
  // Withdrawn votes are those withdrawn by the position, also among the votes that were fitted.
  for (const part of [
    { fitted: 1, from: BEGINNING, upTo: fit ?? BEGINNING },
    { fitted: 0, from: fit ?? BEGINNING, upTo: position },
  ])
    for await (const entries of readStandingVotes(db, topic.id, { ...part, standingAt: position })) {
      const lines = entries
        .filter(({ outcome }) => outcome !== 'skip')
        .map((entry) => {
          const [left, right] = [numbers.get(entry.leftId), numbers.get(entry.rightId)];
          return JSON.stringify([left, right, scoreOf(entry), entry.weight, part.fitted]);
        });
      if (lines.length > 0) yield separator + lines.join(',\n');
      if (lines.length > 0) separator = ',\n';
    }
  yield '\n]}\n';
}

// One statement, so that ranks, fit and position are of the same moment; the votes up to the position stay the same.
async function readPublished(db: Database, topicId: number): Promise<Published> {
  const { rows } = await sql<Published>`
    select json_build_object('xid', position.xid::text, 'id', position.id) as position,
      (select json_build_object('xid', xid::text, 'id', id, 'spread', spread) from fits
       where topic_id = ${topicId}) as fit,
      exists (select from boards where topic_id = ${topicId} and stale_since is not null) as is_stale,
      (select coalesce(json_agg(json_build_object(
          'id', things.id, 'name', name, 'rank', rank, 'fitVariance', fit_variance) order by things.id), '[]')
       from things left join ratings on thing_id = things.id where things.topic_id = ${topicId}) as things
    from ranker_position as position`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('the table ranker_position is empty: run the migrations again');
  return row;
}
