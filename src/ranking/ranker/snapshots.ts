import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';
import type { Graph } from '../math/graph.js';
import type { Fit } from '../math/refit.js';
import { countChangedVoters } from './ledger.js';
import { LEDGER_START, type Position } from './ledger-position.js';
import { VOTERS_PER_STEP } from './pair-counts.js';
import type { TopicRatings } from './ratings.js';

/** The topic's data in a snapshot. */
export interface SnapshotHeader {
  topic: string;
  title: string;
  /** What the topic's votes should settle: `top 20`. */
  goal: string;
  takenAt: string;
  votes: number;
  /** The things' names, in the order of the fit. */
  names: string[];
}

/**
 * Writes a snapshot as gzipped JSON. Anyone can compute a topic's ratings from it (docs/ranking.md has a
 * script). It has the things with their ratings, and the fitted votes summed by pair, as `[low, high, for the
 * low thing, for the high thing]`. Things are numbers from 0. There are no single votes in it.
 */
export async function packSnapshot(graph: Graph, fit: Fit, header: SnapshotHeader): Promise<Buffer> {
  return buffer(Readable.from(snapshotText(graph, fit, header)).pipe(createGzip()));
}

function* snapshotText(graph: Graph, { means, spread }: Fit, header: SnapshotHeader): Generator<string> {
  const { names, ...topic } = header;
  yield `${JSON.stringify({ ...topic, spread }).slice(0, -1)},"things":[`;
  yield* joinLines(thingLines(names, means));
  yield '\n],"pairs":[';
  yield* joinLines(pairLines(graph));
  yield '\n]}\n';
}

function* thingLines(names: string[], means: Float64Array): Generator<string> {
  for (const [thing, name] of names.entries())
    yield JSON.stringify({ name, rating: rounded(means[thing] as number, 9) });
}

function* pairLines({ size, starts, neighbours, wins, losses }: Graph): Generator<string> {
  for (let thing = 0; thing < size; thing++) {
    const end = starts[thing + 1] as number;
    for (let entry = starts[thing] as number; entry < end; entry++) {
      const other = neighbours[entry] as number;
      if (other < thing) continue;
      // The sums are 32-bit floats, which have about seven digits.
      const [won, lost] = [rounded(wins[entry] as number, 7), rounded(losses[entry] as number, 7)];
      yield `[${thing},${other},${won},${lost}]`;
    }
  }
}

const rounded = (value: number, digits: number): number => Number(value.toPrecision(digits));

/** Joins lines to texts of 5,000 lines, because a stream of single lines takes ten times as long. */
function* joinLines(lines: Iterable<string>): Generator<string> {
  let batch: string[] = [];
  let separator = '\n';
  for (const line of lines) {
    batch.push(line);
    if (batch.length < 5_000) continue;
    yield separator + batch.join(',\n');
    separator = ',\n';
    batch = [];
  }
  if (batch.length > 0) yield separator + batch.join(',\n');
}

/**
 * Whether the votes of ten or more voters changed since a topic's last snapshot, so that there may be
 * another.
 */
export async function isSnapshotDue(db: Database, topicId: number, upTo: Position): Promise<boolean> {
  const { rows } = await sql<Position>`
    select xid::text as xid, ledger_id as id from snapshots
    where topic_id = ${topicId} order by id desc limit 1`.execute(db);
  const voters = await countChangedVoters(db, topicId, { from: rows[0] ?? LEDGER_START, upTo });
  return voters >= VOTERS_PER_STEP;
}

/** Reads the topic's data for a snapshot. */
export async function readSnapshotHeader(
  db: Database,
  { topicId, ids, votes }: TopicRatings,
): Promise<SnapshotHeader> {
  const { slug, title, goal } = await db
    .selectFrom('topics')
    .where('id', '=', topicId)
    .select(['slug', 'title', 'goal'])
    .executeTakeFirstOrThrow();
  const rows = await db.selectFrom('things').where('topicId', '=', topicId).select(['id', 'name']).execute();
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return {
    topic: slug,
    title,
    goal,
    takenAt: new Date().toISOString(),
    votes,
    names: ids.map((id) => names.get(id) ?? ''),
  };
}

/** Adds a snapshot, and deletes all older ones but the last, which somebody may still be reading. */
export async function writeSnapshot(
  trx: Transaction,
  topicId: number,
  { upTo: { xid, id }, body }: { upTo: Position; body: Buffer },
): Promise<void> {
  await sql`
    delete from snapshots where topic_id = ${topicId} and id < (select max(id) from snapshots where topic_id = ${topicId})`.execute(
    trx,
  );
  await sql`
    insert into snapshots (topic_id, xid, ledger_id, body)
    values (${topicId}, ${xid}::xid8, ${id}, ${body})`.execute(trx);
}

/** Finds the id of a topic's newest snapshot; undefined while there is none. */
export async function findSnapshot(db: Database, topicId: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('snapshots')
    .where('topicId', '=', topicId)
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/**
 * Reads a snapshot as it is stored, gzipped, a megabyte at a time.
 * @throws Error when it was deleted, because two newer ones were written meanwhile
 */
export async function* readSnapshot(db: Database, id: number): AsyncGenerator<Buffer> {
  for (let from = 1; ; from += PART_BYTES) {
    const { rows } = await sql<{ part: Buffer }>`
      select substring(body from ${from}::int for ${PART_BYTES}::int) as part from snapshots where id = ${id}`.execute(
      db,
    );
    const [row] = rows;
    if (!row) throw new Error(`snapshot ${id} has been replaced`);
    if (row.part.length > 0) yield row.part;
    if (row.part.length < PART_BYTES) return;
  }
}

const PART_BYTES = 1_000_000;
