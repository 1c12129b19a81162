import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import { sql } from 'kysely';
import { FORMULA } from '../../catalog/csv.js';
import { topicCalled } from '../../catalog/topic-fields.js';
import type { Database } from '../../database.js';
import { byStrength, type Rating } from '../boards/rating.js';
import { isExcluded } from '../ranker/ledger.js';

const PAGE = 5_000;

/**
 * Writes a topic's things as CSV, oldest first, as `importThings` reads them. Retired ones are among them,
 * since votes name them.
 * @param out is ended, unless it is standard output; one that closes early ends the export quietly
 * @throws Error when there is no such topic
 */
export async function exportThings(db: Database, slug: string, out: Writable): Promise<void> {
  const topic = await topicCalled(db, slug);
  const page = (after: number) =>
    db
      .selectFrom('things')
      .where('topicId', '=', topic.id)
      .where('id', '>', after)
      .select(['id', 'name', 'picture', 'description', 'link'])
      .orderBy('id')
      .limit(PAGE)
      .execute();
  await writeCsv(['name', 'picture', 'description', 'link'], paged(page), out);
}

/**
 * Writes a topic's votes as CSV, oldest first, as `importVotes` reads them: those that stand, without skips.
 * Members appear as numbers, imported voters under the label they came with; times are UTC.
 * @param out is ended, unless it is standard output; one that closes early ends the export quietly
 * @throws Error when there is no such topic
 */
export async function exportVotes(db: Database, slug: string, out: Writable): Promise<void> {
  // Seen as of one moment: a vote that is taken back and cast again meanwhile is not to be written twice.
  await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
      await writeVotes(trx, slug, out);
    });
}

async function writeVotes(db: Database, slug: string, out: Writable): Promise<void> {
  const topic = await topicCalled(db, slug);
  const prefix = await memberPrefix(db, slug);
  const page = async (after: number) => {
    const { rows } = await sql<{ id: number }>`
      select page.id, case outcome when 'right' then r.name else l.name end as winner,
        case outcome when 'right' then l.name else r.name end as loser,
        case outcome when 'tie' then 'tie' else 'win' end as outcome,
        coalesce(substr(imported_as, ${slug.length + 2}), ${prefix} || page.voter_id) as voter,
        regexp_replace(to_char(page.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
          '\\.000000Z$', 'Z') as at
      from (
        select id, voter_id, left_id, right_id, outcome, created_at from votes
        where topic_id = ${topic.id} and id > ${after} and withdrawn_at is null and outcome <> 'skip'
          and not provisional and not ${isExcluded('votes')}
        order by id limit ${PAGE}
      ) as page join things as l on l.id = left_id join things as r on r.id = right_id
        left join voters on voters.id = page.voter_id
      order by page.id`.execute(db);
    return rows;
  };
  await writeCsv(['winner', 'loser', 'outcome', 'voter', 'at'], paged(page), out);
}

/**
 * Writes a topic's ranking as CSV, strongest first, with every thing that can be voted on; `low` and `high` are
 * the score's 95 % range.
 * @param out is ended, unless it is standard output; one that closes early ends the export quietly
 * @throws Error when there is no such topic
 */
export async function exportRanking(db: Database, slug: string, out: Writable): Promise<void> {
  const topic = await topicCalled(db, slug);
  const { rows } = await sql<Rating & { id: number; name: string }>`
    select things.id, name, coalesce(mean, 0) as mean, coalesce(variance, spread, 1) as variance,
      coalesce(wins, 0) as wins, coalesce(losses, 0) as losses, coalesce(ties, 0) as ties
    from things left join ratings on thing_id = things.id left join fits on fits.topic_id = things.topic_id
    where things.topic_id = ${topic.id} and retired_at is null`.execute(db);
  const lines = rows.sort(byStrength).map(({ name, mean, variance, wins, losses, ties }, index) => {
    const reach = 1.96 * Math.sqrt(variance);
    const counts = { wins, losses, ties, votes: wins + losses + ties };
    return { rank: index + 1, name, score: mean, low: mean - reach, high: mean + reach, ...counts };
  });
  const columns = ['rank', 'name', 'score', 'low', 'high', 'wins', 'losses', 'ties', 'votes'];
  await writeCsv(columns, Readable.from(lines), out);
}

async function* paged<Line extends { id: number }>(
  page: (after: number) => Promise<Line[]>,
): AsyncGenerator<Line> {
  let after = 0;
  for (;;) {
    const lines = await page(after);
    yield* lines;
    const last = lines.at(-1);
    if (!last || lines.length < PAGE) return;
    after = last.id;
  }
}

// Votes exported elsewhere and imported here bring labels such as v12, which must not become the label of the
// member whose number is 12: members get as many v as no imported label has.
async function memberPrefix(db: Database, slug: string): Promise<string> {
  const { rows } = await sql<{ longest: number | null }>`
    select max(length(substring(imported_as from '/(v+)[0-9]+$'))) as longest from voters
    where starts_with(imported_as, ${`${slug}/`})`.execute(db);
  return 'v'.repeat((rows[0]?.longest ?? 0) + 1);
}

const marked = new RegExp(`^'+${FORMULA}`);

async function writeCsv(columns: string[], lines: AsyncIterable<object>, out: Writable): Promise<void> {
  const csv = stringify({
    header: true,
    columns,
    // Puts an apostrophe before text that a spreadsheet would run as a formula; the import takes it off again,
    // so text that has one of its own there gets another.
    escape_formulas: true,
    cast: {
      string: (text) => (marked.test(text) ? `'${text}` : text),
      number: (value, { column }) =>
        ['score', 'low', 'high'].includes(String(column)) ? value.toFixed(6) : String(value),
    },
  });
  try {
    await pipeline(lines, csv, out);
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}

// Whoever reads has read enough, as `head` does.
function isClosed(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
