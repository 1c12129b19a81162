import type { Readable } from 'node:stream';
import { sql } from 'kysely';
import { type Columns, type Row, readRows } from '../../catalog/csv.js';
import { quoted, RowProblems } from '../../catalog/row-problems.js';
import { reportInvalidRows, stageBatches, withStagingTables } from '../../catalog/staging.js';
import { parseTimestamp } from '../../catalog/timestamp.js';
import { findTopicOrThrow, type Topic } from '../../catalog/topics.js';
import type { Database } from '../../database.js';
import { createBallots, reportEarlierAnswers, saveVotes } from './vote-ballots.js';

/** The result of an import of votes. */
interface ImportedVotes {
  added: number;
  /** Number of votes that the ledger already had from an earlier import. */
  existing: number;
  topic: Topic;
}

type Column = 'winner' | 'loser' | 'outcome' | 'voter' | 'item' | 'at';

const COLUMNS: Columns<Column> = {
  required: ['winner', 'loser'],
  optional: ['outcome', 'voter', 'item', 'at'],
};

/**
 * Imports the votes of a CSV file from another tool into the ledger. If any row is invalid, nothing is
 * imported. The id of a vote is made from its row, so a file counts once, no matter how often it is imported.
 * @param onProgress is called with the number of rows read so far
 * @throws ImportError that names the problems of the file; Error when there is no such topic
 */
export async function importVotes(
  db: Database,
  source: Readable,
  { slug, onProgress }: { slug: string; onProgress?: (rows: number) => void },
): Promise<ImportedVotes> {
  const topic = await findTopicOrThrow(db, slug);
  const problems = new RowProblems();
  const tables = ['vote_file', 'vote_answers', 'vote_ballots'];
  return withStagingTables(db, { slug, tables }, async (connection) => {
    await sql`create temporary table vote_file
      (row_no int, winner text, loser text, outcome text, voter text, item text, at timestamptz)`.execute(
      connection,
    );
    await stageBatches(readRows(source, COLUMNS, { problems, onProgress }), (rows) =>
      stageVotes(
        connection,
        rows.filter((row) => validateVote(row, problems)),
      ),
    );
    await resolveThings(connection, topic.id);
    await reportUnknownThings(connection, problems);
    await reportSelfPairs(connection, problems);
    await reportRepeatedAnswers(connection, problems);
    problems.throwIfAny();
    await createBallots(connection, topic.id);
    await reportEarlierAnswers(connection, slug, problems);
    problems.throwIfAny();
    const saved = await connection.transaction().execute((trx) => saveVotes(trx, topic));
    // Without this, Postgres would plan for an empty ledger until the next autovacuum, and reading it would
    // be slow.
    if (saved.added > 0) await sql`analyze votes, voters`.execute(connection);
    return { ...saved, topic };
  });
}

function validateVote({ row, cells }: Row<Column>, problems: RowProblems): boolean {
  const before = problems.count;
  const report = (column: Column, message: string): void => problems.add({ row, column, message });
  for (const side of ['winner', 'loser'] as const) if (cells[side] === '') report(side, 'is empty');

  cells.outcome = cells.outcome.toLowerCase() || 'win';
  if (!['win', 'tie'].includes(cells.outcome))
    report('outcome', `${quoted(cells.outcome)} is neither win nor tie`);

  for (const label of ['voter', 'item'] as const) {
    const text = cells[label];
    if ([...text].length > 100) report(label, 'is longer than 100 characters');
    else if (/\p{Cc}/u.test(text)) report(label, `${quoted(text)} has a control character`);
  }
  if (cells.item && !cells.voter) report('item', 'has no voter beside it');

  if (cells.at) {
    const parsed = parseTimestamp(cells.at);
    if ('problem' in parsed) report('at', `${quoted(cells.at)} ${parsed.problem}`);
    else cells.at = parsed.timestamp;
  }
  return problems.count === before;
}

async function stageVotes(connection: Database, rows: Row<Column>[]): Promise<void> {
  const column = (name: Column): string[] => rows.map(({ cells }) => cells[name]);
  await sql`
    insert into pg_temp.vote_file
    select row_no, winner, loser, outcome, nullif(voter, ''), nullif(item, ''), nullif(at, '')::timestamptz
    from unnest(${rows.map(({ row }) => row)}::int[], ${column('winner')}::text[], ${column('loser')}::text[],
        ${column('outcome')}::text[], ${column('voter')}::text[], ${column('item')}::text[],
        ${column('at')}::text[]) as file (row_no, winner, loser, outcome, voter, item, at)`.execute(
    connection,
  );
}

// One join for the whole file reads the names of a topic once.
async function resolveThings(connection: Database, topicId: number): Promise<void> {
  await sql`analyze pg_temp.vote_file`.execute(connection);
  await sql`
    create temporary table vote_answers as
    select row_no, winner, loser, won.id as winner_id, lost.id as loser_id, outcome, voter, item, at
    from pg_temp.vote_file
      left join things as won on won.topic_id = ${topicId} and lower(won.name) = lower(winner)
      left join things as lost on lost.topic_id = ${topicId} and lower(lost.name) = lower(loser)`.execute(
    connection,
  );
  await sql`drop table pg_temp.vote_file`.execute(connection);
  await sql`analyze pg_temp.vote_answers`.execute(connection);
}

async function reportUnknownThings(connection: Database, problems: RowProblems): Promise<void> {
  await reportInvalidRows(connection, problems, {
    invalidRows: sql<{ side: string; name: string }>`
      select row_no, 'winner' as side, winner as name from pg_temp.vote_answers where winner_id is null
      union all
      select row_no, 'loser' as side, loser as name from pg_temp.vote_answers where loser_id is null`,
    describe: ({ side, name }) => ({
      column: side,
      message: `${quoted(name)} is not a thing of this topic`,
    }),
  });
}

async function reportSelfPairs(connection: Database, problems: RowProblems): Promise<void> {
  await reportInvalidRows(connection, problems, {
    invalidRows: sql<{ winner: string }>`
      select row_no, winner from pg_temp.vote_answers where winner_id = loser_id`,
    describe: ({ winner }) => ({ message: `${quoted(winner)} is both winner and loser` }),
  });
}

async function reportRepeatedAnswers(connection: Database, problems: RowProblems): Promise<void> {
  const answers = sql`
    select row_no, voter, coalesce(item, '') as item, least(winner_id, loser_id) as low, greatest(winner_id, loser_id) as high
    from pg_temp.vote_answers where voter is not null and winner_id is not null and loser_id is not null`;
  await reportInvalidRows(connection, problems, {
    invalidRows: sql<{ voter: string; first: number }>`
      select row_no, voter, first
      from (${answers}) as answers join (
        select voter, item, low, high, min(row_no) as first from (${answers}) as answers
        group by voter, item, low, high having count(*) > 1
      ) as repeated using (voter, item, low, high)
      where row_no > first`,
    describe: ({ voter, first }) => ({
      column: 'voter',
      message: `${quoted(voter)} has answered this pair in row ${first} already`,
    }),
  });
}
