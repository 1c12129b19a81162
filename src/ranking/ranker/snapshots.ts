import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Graph } from '../math/graph.js';
import type { Fit } from '../math/refit.js';
import { BEGINNING, countMovedVoters, type Position } from './ledger.js';
import { VOTERS_A_STEP } from './pair-counts.js';

/** What a snapshot says of its topic. */
export interface SnapshotHead {
  topic: string;
  title: string;
  takenAt: string;
  votes: number;
  /** The things' names, in the order of the fit. */
  names: string[];
}

/**
 * Everything that a topic's ratings follow from, for anyone to compute them again (docs/ranking.md has a script), as
 * gzipped JSON: its things with their ratings, and the votes that were fitted, summed by pair as
 * `[low, high, for the low one, for the high one]`. Things are numbered from 0. There are no single votes in it.
 */
export async function packSnapshot(graph: Graph, fit: Fit, head: SnapshotHead): Promise<Buffer> {
  return buffer(Readable.from(partsOf(graph, fit, head)).pipe(createGzip()));
}

function* partsOf(graph: Graph, { means, spread }: Fit, head: SnapshotHead): Generator<string> {
  const { names, ...about } = head;
  yield `${JSON.stringify({ ...about, spread }).slice(0, -1)},"things":[`;
  yield* lines(
    names.map((name, thing) => JSON.stringify({ name, rating: rounded(means[thing] as number, 9) })),
  );
  yield '\n],"pairs":[';
  yield* lines(pairsOf(graph));
  yield '\n]}\n';
}

function* pairsOf({ size, starts, neighbours, wins, losses }: Graph): Generator<string> {
  for (let thing = 0; thing < size; thing++) {
    const end = starts[thing + 1] as number;
    for (let at = starts[thing] as number; at < end; at++) {
      const other = neighbours[at] as number;
      if (other < thing) continue;
      // The sums have the precision of 32 bits.
      const [won, lost] = [rounded(wins[at] as number, 7), rounded(losses[at] as number, 7)];
      yield `[${thing},${other},${won},${lost}]`;
    }
  }
}

const rounded = (value: number, digits: number): number => Number(value.toPrecision(digits));

/** Some thousand lines at a time: a stream of single lines takes ten times as long. */
function* lines(all: Iterable<string>): Generator<string> {
  let part: string[] = [];
  let separator = '\n';
  for (const line of all) {
    part.push(line);
    if (part.length < 5_000) continue;
    yield separator + part.join(',\n');
    separator = ',\n';
    part = [];
  }
  if (part.length > 0) yield separator + part.join(',\n');
}

/** Whether the votes of so many voters have moved since a topic's last snapshot that there may be another one. */
export async function isSnapshotDue(db: Database, topicId: number, upTo: Position): Promise<boolean> {
  const { rows } = await sql<Position>`
    select xid::text as xid, ledger_id as id from snapshots
    where topic_id = ${topicId} order by id desc limit 1`.execute(db);
  const voters = await countMovedVoters(db, topicId, { from: rows[0] ?? BEGINNING, upTo });
  return voters >= VOTERS_A_STEP;
}

/** Reads what a snapshot says of its topic. @param ids the things of the fit, in its order */
export async function readSnapshotHead(
  db: Database,
  topicId: number,
  { ids, votes }: { ids: number[]; votes: number },
): Promise<SnapshotHead> {
  const { slug, title } = await db
    .selectFrom('topics')
    .where('id', '=', topicId)
    .select(['slug', 'title'])
    .executeTakeFirstOrThrow();
  const rows = await db.selectFrom('things').where('topicId', '=', topicId).select(['id', 'name']).execute();
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return {
    topic: slug,
    title,
    takenAt: new Date().toISOString(),
    votes,
    names: ids.map((id) => names.get(id) ?? ''),
  };
}

/** Puts a snapshot in the place of a topic's last one. That one stays, for those who are reading it, until the next. */
export async function writeSnapshot(
  trx: Database,
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

/** Finds a topic's newest snapshot; undefined while there is none. */
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
 * @throws Error when it is gone, as two newer ones have come meanwhile
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
