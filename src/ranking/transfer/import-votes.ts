import type { Readable } from 'node:stream';
import { sql } from 'kysely';
import { type Columns, type Row, readRows } from '../../catalog/csv.js';
import { readMoment } from '../../catalog/moment.js';
import { Problems, quoted } from '../../catalog/row-problems.js';
import { noteFaults, onStage, stageAll } from '../../catalog/staging.js';
import { type Topic, topicCalled } from '../../catalog/topic-fields.js';
import type { Database } from '../../database.js';
import { makeBallots, noteEarlierAnswers, saveVotes } from './vote-ballots.js';

/** What importing votes did. */
export interface ImportedVotes {
  added: number;
  /** Were in the ledger from an earlier import. */
  already: number;
  topic: Topic;
}

type Column = 'winner' | 'loser' | 'outcome' | 'voter' | 'at';

const COLUMNS: Columns<Column> = { required: ['winner', 'loser'], optional: ['outcome', 'voter', 'at'] };

/**
 * Brings the votes of a CSV file from another tool into the ledger: all of the file or, if anything is wrong
 * with it, none. Each row carries an id made from what it says, so a file counts once however often it is
 * imported.
 * @param onProgress is called with the number of rows read so far
 * @throws ImportError saying what is wrong with the file; Error when there is no such topic
 */
export async function importVotes(
  db: Database,
  source: Readable,
  { slug, onProgress = () => undefined }: { slug: string; onProgress?: (rows: number) => void },
): Promise<ImportedVotes> {
  const topic = await topicCalled(db, slug);
  const problems = new Problems();
  return onStage(db, slug, ['vote_file', 'vote_answers', 'vote_ballots'], async (connection) => {
    await sql`create temporary table vote_file
      (row_no int, winner text, loser text, outcome text, voter text, at timestamptz)`.execute(connection);
    await stageAll(readRows(source, COLUMNS, problems, onProgress), (rows) =>
      stageVotes(
        connection,
        rows.filter((row) => isVote(row, problems)),
      ),
    );
    await findThings(connection, topic.id);
    await noteWrongPairs(connection, problems);
    await noteRepeatedAnswers(connection, problems);
    problems.throwIfAny();
    await makeBallots(connection, topic.id);
    await noteEarlierAnswers(connection, slug, problems);
    problems.throwIfAny();
    const saved = await connection.transaction().execute((trx) => saveVotes(trx, topic));
    // Until the next autovacuum Postgres would take the ledger for empty, and every page of it would be slow.
    if (saved.added > 0) await sql`analyze votes, voters`.execute(connection);
    return { ...saved, topic };
  });
}

function isVote({ row, cells }: Row<Column>, problems: Problems): boolean {
  const before = problems.count;
  const wrong = (column: Column, what: string): void => problems.add({ row, column, what });
  for (const side of ['winner', 'loser'] as const) if (cells[side] === '') wrong(side, 'is empty');

  cells.outcome = cells.outcome.toLowerCase() || 'win';
  if (!['win', 'tie'].includes(cells.outcome))
    wrong('outcome', `${quoted(cells.outcome)} is neither win nor tie`);

  if ([...cells.voter].length > 100) wrong('voter', 'is longer than 100 characters');
  else if (/\p{Cc}/u.test(cells.voter)) wrong('voter', `${quoted(cells.voter)} has a control character`);

  if (cells.at) {
    const read = readMoment(cells.at);
    if ('what' in read) wrong('at', `${quoted(cells.at)} ${read.what}`);
    else cells.at = read.moment;
  }
  return problems.count === before;
}

async function stageVotes(connection: Database, rows: Row<Column>[]): Promise<void> {
  const column = (name: Column): string[] => rows.map(({ cells }) => cells[name]);
  await sql`
    insert into pg_temp.vote_file
    select row_no, winner, loser, outcome, nullif(voter, ''), nullif(at, '')::timestamptz
    from unnest(${rows.map(({ row }) => row)}::int[], ${column('winner')}::text[], ${column('loser')}::text[],
        ${column('outcome')}::text[], ${column('voter')}::text[], ${column('at')}::text[])
      as file (row_no, winner, loser, outcome, voter, at)`.execute(connection);
}

// Once for the whole file: a topic's names are then read once, however many there are.
async function findThings(connection: Database, topicId: number): Promise<void> {
  await sql`analyze pg_temp.vote_file`.execute(connection);
  await sql`
    create temporary table vote_answers as
    select row_no, winner, loser, won.id as winner_id, lost.id as loser_id, outcome, voter, at
    from pg_temp.vote_file
      left join things as won on won.topic_id = ${topicId} and lower(won.name) = lower(winner)
      left join things as lost on lost.topic_id = ${topicId} and lower(lost.name) = lower(loser)`.execute(
    connection,
  );
  await sql`drop table pg_temp.vote_file`.execute(connection);
  await sql`analyze pg_temp.vote_answers`.execute(connection);
}

async function noteWrongPairs(connection: Database, problems: Problems): Promise<void> {
  const unknown = sql<{ side: string; name: string }>`
    select row_no, 'winner' as side, winner as name from pg_temp.vote_answers where winner_id is null
    union all
    select row_no, 'loser' as side, loser as name from pg_temp.vote_answers where loser_id is null`;
  await noteFaults(connection, problems, unknown, ({ side, name }) => ({
    column: side,
    what: `${quoted(name)} is not a thing of this topic`,
  }));
  const same = sql<{ winner: string }>`
    select row_no, winner from pg_temp.vote_answers where winner_id = loser_id`;
  await noteFaults(connection, problems, same, ({ winner }) => ({
    what: `${quoted(winner)} is both winner and loser`,
  }));
}

async function noteRepeatedAnswers(connection: Database, problems: Problems): Promise<void> {
  const answers = sql`
    select row_no, voter, least(winner_id, loser_id) as low, greatest(winner_id, loser_id) as high
    from pg_temp.vote_answers where voter is not null and winner_id is not null and loser_id is not null`;
  const repeated = sql<{ voter: string; first: number }>`
    select row_no, voter, first
    from (${answers}) as answers join (
      select voter, low, high, min(row_no) as first from (${answers}) as answers
      group by voter, low, high having count(*) > 1
    ) as repeated using (voter, low, high)
    where row_no > first`;
  await noteFaults(connection, problems, repeated, ({ voter, first }) => ({
    column: 'voter',
    what: `${quoted(voter)} has answered this pair in row ${first} already`,
  }));
}
