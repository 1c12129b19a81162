import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import { sql } from 'kysely';
import { FORMULA_START } from '../../catalog/csv.js';
import { THING_COLUMNS } from '../../catalog/thing-fields.js';
import { findTopicOrThrow } from '../../catalog/topics.js';
import type { Database } from '../../database.js';
import type { Board } from '../boards/board.js';
import { byStrength, type Rating } from '../boards/rating.js';
import { isExcluded } from '../ranker/ledger.js';

/** Rows that are read at a time. */
const PAGE_SIZE = 5_000;

/**
 * Writes a topic's things as CSV, oldest first, in the format of `importThings`. Retired things are included,
 * because votes name them.
 * @param out is ended, unless it is standard output. If it closes early, the export stops without an error.
 * @throws Error when there is no such topic
 */
export async function exportThings(db: Database, slug: string, out: Writable): Promise<void> {
  const topic = await findTopicOrThrow(db, slug);
  const readPage = (afterId: number) =>
    db
      .selectFrom('things')
      .where('topicId', '=', topic.id)
      .where('id', '>', afterId)
      .select(['id', 'name', 'description', 'link', 'text', 'location', 'team'])
      .select(sql<string>`array_to_string(tags, ', ')`.as('tags'))
      // An uploaded picture is no file that another site could have. An import leaves the thing's picture as it is.
      .select(sql<string | null>`case when picture_hash is null then picture end`.as('picture'))
      .orderBy('id')
      .limit(PAGE_SIZE)
      .execute();
  await writeCsv([...THING_COLUMNS], readPages(readPage), out);
}

/**
 * Writes a topic's votes as CSV, oldest first, in the format of `importVotes`: the votes that stand, without
 * skips. Members appear as numbers, and imported voters under their imported label. Times are UTC.
 * @param out is ended, unless it is standard output. If it closes early, the export stops without an error.
 * @throws Error when there is no such topic
 */
export async function exportVotes(db: Database, slug: string, out: Writable): Promise<void> {
  // All pages see one moment. Otherwise a vote that is withdrawn and cast again meanwhile would be written
  // twice.
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
  const topic = await findTopicOrThrow(db, slug);
  const prefix = await findMemberPrefix(db, slug);
  const readPage = async (afterId: number) => {
    const { rows } = await sql<{ id: number }>`
      select page.id, case outcome when 'right' then r.name else l.name end as winner,
        case outcome when 'right' then l.name else r.name end as loser,
        case outcome when 'tie' then 'tie' else 'win' end as outcome,
        coalesce(substr(imported_as, ${slug.length + 2}), ${prefix} || page.voter_id) as voter, item,
        regexp_replace(to_char(page.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
          '\\.000000Z$', 'Z') as at
      from (
        select id, voter_id, left_id, right_id, item, outcome, created_at from votes
        where topic_id = ${topic.id} and id > ${afterId} and withdrawn_at is null and outcome <> 'skip'
          and not provisional and not ${isExcluded('votes')}
        order by id limit ${PAGE_SIZE}
      ) as page join things as l on l.id = left_id join things as r on r.id = right_id
        left join voters on voters.id = page.voter_id
      order by page.id`.execute(db);
    return rows;
  };
  await writeCsv(['winner', 'loser', 'outcome', 'voter', 'item', 'at'], readPages(readPage), out);
}

/**
 * Writes a topic's ranking as CSV, strongest first, without retired things. `low` and `high` are the 95 %
 * range of the score, `rank_low` and `rank_high` that of the rank. `goal_chance` is the probability that the thing
 * belongs in the ranks of the topic's goal. These three are empty until the ranker has published the topic.
 * @param out is ended, unless it is standard output. If it closes early, the export stops without an error.
 * @throws Error when there is no such topic
 */
export async function exportRanking(db: Database, slug: string, out: Writable): Promise<void> {
  const topic = await findTopicOrThrow(db, slug);
  const { rows } = await sql<Rating & { id: number; name: string } & PublishedStanding>`
    select things.id, name, coalesce(mean, 0) as mean, coalesce(variance, spread, 1) as variance,
      coalesce(wins, 0) as wins, coalesce(losses, 0) as losses, coalesce(ties, 0) as ties,
      standings.low as rank_low, standings.high as rank_high, top_chance as goal_chance
    from things left join ratings on thing_id = things.id left join standings on standings.thing_id = things.id
      left join fits on fits.topic_id = things.topic_id
    where things.topic_id = ${topic.id} and retired_at is null`.execute(db);
  await writeRanking(rows.sort(byStrength), out);
}

/** Writes the ranking of a track as `exportRanking` does. Ranks and ranges are those among its things. */
export async function exportTrack({ standings }: Board, out: Writable): Promise<void> {
  const rows = standings.map(({ low, high, topChance, ...thing }) => ({
    ...{ ...thing, rankLow: low, rankHigh: high, goalChance: topChance },
  }));
  await writeRanking(rows, out);
}

async function writeRanking(
  rows: (Rating & { name: string } & PublishedStanding)[],
  out: Writable,
): Promise<void> {
  const lines = rows.map((row, index) => {
    const { name, mean, variance, wins, losses, ties, rankLow, rankHigh, goalChance } = row;
    const margin = 1.96 * Math.sqrt(variance);
    const counts = { wins, losses, ties, votes: wins + losses + ties };
    const score = { score: mean, low: mean - margin, high: mean + margin };
    const published = { rank_low: rankLow, rank_high: rankHigh, goal_chance: goalChance?.toFixed(4) };
    return { rank: index + 1, name, ...score, ...counts, ...published };
  });
  const columns = [
    ...['rank', 'name', 'score', 'low', 'high', 'wins', 'losses', 'ties', 'votes'],
    ...['rank_low', 'rank_high', 'goal_chance'],
  ];
  await writeCsv(columns, Readable.from(lines), out);
}

/** What the ranker has published of a thing; null before that. */
interface PublishedStanding {
  rankLow: number | null;
  rankHigh: number | null;
  goalChance: number | null;
}

async function* readPages<Line extends { id: number }>(
  readPage: (afterId: number) => Promise<Line[]>,
): AsyncGenerator<Line> {
  let afterId = 0;
  for (;;) {
    const lines = await readPage(afterId);
    yield* lines;
    const last = lines.at(-1);
    if (!last || lines.length < PAGE_SIZE) return;
    afterId = last.id;
  }
}

// Imported votes may have labels such as v12 from another site, and member 12 must get a different label. So
// the prefix of members has one "v" more than any imported label.
async function findMemberPrefix(db: Database, slug: string): Promise<string> {
  const { rows } = await sql<{ longest: number | null }>`
    select max(length(substring(imported_as from '/(v+)[0-9]+$'))) as longest from voters
    where starts_with(imported_as, ${`${slug}/`})`.execute(db);
  return 'v'.repeat((rows[0]?.longest ?? 0) + 1);
}

async function writeCsv(columns: string[], lines: AsyncIterable<object>, out: Writable): Promise<void> {
  const csv = stringify({
    header: true,
    columns,
    // Writes an apostrophe before text that a spreadsheet would run as a formula. The import removes it, so
    // text that already starts with an apostrophe and a formula gets one more.
    escape_formulas: true,
    cast: {
      string: (text) => (escapedFormula.test(text) ? `'${text}` : text),
      number: (value, { column }) =>
        ['score', 'low', 'high'].includes(String(column)) ? value.toFixed(6) : String(value),
    },
  });
  try {
    await pipeline(lines, csv, out);
  } catch (error) {
    if (!isClosedEarly(error)) throw error;
  }
}

const escapedFormula = new RegExp(`^'+${FORMULA_START}`);

// A reader such as `head` closes the pipe when it has enough.
function isClosedEarly(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
