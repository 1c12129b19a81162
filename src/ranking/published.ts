import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from './board.js';
import { BEGINNING, isExcluded, type Position, readStandingVotes } from './ledger.js';
import { scoreOf } from './ratings.js';

interface Published {
  position: Position;
  fit: (Position & { spread: number }) | null;
  isStale: boolean;
  things: { id: number; name: string; rank: number | null; fitVariance: number | null }[];
}

/**
 * Everything a topic's order follows from, as JSON in parts, for anyone to compute it again (docs/ranking.md has
 * a script): its things with their published ranks; the votes that were fitted together the last time, summed by
 * pair as `[left, right, for the left, for the right]`, so that nobody's votes stand side by side; and those that came
 * after, in the order of the ledger, as `[left, right, score, weight]`. Things are numbered from 0, a score is what the
 * left one got (1, 0.5 or 0). Who cast them is not told.
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
  yield `${JSON.stringify(head).slice(0, -1)},"fitted":[`;
  const pairs = fit ? await fittedPairs(db, topic.id, fit, position) : [];
  yield list(
    pairs.map(({ left, right, ...sums }) => [numbers.get(left), numbers.get(right), ...Object.values(sums)]),
  );
  yield '],"since":[';
  let separator = '';
  const since = { from: fit ?? BEGINNING, upTo: position };
  for await (const entries of readStandingVotes(db, topic.id, since)) {
    const votes = entries.filter(({ outcome }) => outcome !== 'skip');
    if (votes.length === 0) continue;
    const rows = votes.map((vote) => [
      numbers.get(vote.leftId),
      numbers.get(vote.rightId),
      scoreOf(vote),
      vote.weight,
    ]);
    yield separator + list(rows);
    separator = ',';
  }
  yield ']}\n';
}

/**
 * Names what `publishedData` tells at this moment; it goes on telling that until the name is another one. Ask for it
 * before the data: what moves in between then only makes somebody ask once more.
 */
export async function publishedState(db: Database, { topic }: Board): Promise<string> {
  const { version } = await db
    .selectFrom('boards')
    .where('topicId', '=', topic.id)
    .select('version')
    .executeTakeFirstOrThrow();
  return `${topic.id}-${version}`;
}

const list = (rows: unknown[][]): string => rows.map((row) => `\n${JSON.stringify(row)}`).join(',');

interface Sums {
  left: number;
  right: number;
  forLeft: number;
  forRight: number;
}

async function fittedPairs(
  db: Database,
  topicId: number,
  fit: Position,
  position: Position,
): Promise<Sums[]> {
  const { rows } = await sql<Sums>`
    select least(left_id, right_id) as left, greatest(left_id, right_id) as right,
      sum(coalesce(weight, 1)::float8 * case when outcome = 'tie' then 0.5
        when (outcome = 'left') = (left_id < right_id) then 1 else 0 end) as for_left,
      sum(coalesce(weight, 1)::float8 * case when outcome = 'tie' then 0.5
        when (outcome = 'left') = (left_id < right_id) then 0 else 1 end) as for_right
    from votes left join vote_weights on vote_id = votes.id
    where topic_id = ${topicId} and outcome <> 'skip' and not ${isExcluded('votes', position)} and (xid, id) <= (${fit.xid}::xid8, ${fit.id}::bigint)
      and (withdrawn_xid is null or (withdrawn_xid, id) > (${position.xid}::xid8, ${position.id}::bigint))
    group by 1, 2 order by 1, 2`.execute(db);
  return rows;
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
