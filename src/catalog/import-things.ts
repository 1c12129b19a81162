import type { Readable } from 'node:stream';
import { sql } from 'kysely';
import type { Database, Transaction } from '../database.js';
import { type Columns, type Row, readRows } from './csv.js';
import { ImportError, quoted, RowProblems } from './row-problems.js';
import { reportInvalidRows, stageBatches, withStagingTables } from './staging.js';
import { checkThing, THING_COLUMNS, type ThingColumn, thingSlug, tidyThing } from './thing-fields.js';
import { invalidateTopicCaches } from './things.js';
import { saveTopic, type Topic, type TopicFields } from './topics.js';

/** The result of an import of things: the numbers of things added, changed and left as they were. */
export interface ImportedThings {
  added: number;
  changed: number;
  unchanged: number;
  topic: Topic;
}

const COLUMNS: Columns<ThingColumn> = {
  required: ['name'],
  optional: THING_COLUMNS.filter((column) => column !== 'name'),
};

/**
 * Imports the things of a CSV file into a topic, and creates the topic if there is none. If any row is
 * invalid, nothing is imported. A thing with an existing name is updated with the cells that are filled in,
 * so a second import of the same file changes nothing. Things that are not in the file stay.
 * @param onProgress is called with the number of rows read so far
 * @throws ImportError that names the problems of the file, the slug, the title or the question
 */
export async function importThings(
  db: Database,
  source: Readable,
  { onProgress, ...topic }: TopicFields & { onProgress?: (rows: number) => void },
): Promise<ImportedThings> {
  const { slug } = topic;
  if (slug.length > 60 || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug))
    throw new ImportError(
      `${quoted(slug)} can't be a topic's slug: up to 60 small letters and digits, words joined by hyphens`,
    );
  const problems = new RowProblems();
  return withStagingTables(db, { slug, tables: ['thing_file'] }, async (connection) => {
    await sql`create temporary table thing_file
      (row_no int, name text, slug text, picture text, description text, link text, text text, tags text[],
        location text, team text)`.execute(connection);
    await stageBatches(readRows(source, COLUMNS, { problems, onProgress }), (rows) =>
      stageThings(
        connection,
        rows.filter((row) => validateThing(row, problems)),
      ),
    );
    await reportDuplicateNames(connection, problems);
    problems.throwIfAny();
    const imported = await connection.transaction().execute((trx) => saveThings(trx, topic));
    // Without this, Postgres would plan for very few things until the next autovacuum. The embedded database
    // has none.
    if (imported.added > 0) await sql`analyze things`.execute(connection);
    return imported;
  });
}

function validateThing(row: Row<ThingColumn>, problems: RowProblems): boolean {
  row.cells = tidyThing(row.cells);
  const wrong = checkThing(row.cells);
  for (const problem of wrong) problems.add({ row: row.row, ...problem });
  return wrong.length === 0;
}

async function stageThings(connection: Database, rows: Row<ThingColumn>[]): Promise<void> {
  const column = (name: ThingColumn) => sql`${rows.map(({ cells }) => cells[name])}::text[]`;
  await sql`
    insert into pg_temp.thing_file
    select row_no, name, slug, nullif(picture, ''), nullif(description, ''), nullif(link, ''), nullif(text, ''),
      string_to_array(nullif(tags, ''), ', '), nullif(location, ''), nullif(team, '')
    from unnest(${rows.map(({ row }) => row)}::int[], ${column('name')},
      ${rows.map(({ cells }) => thingSlug(cells.name))}::text[], ${column('picture')}, ${column('description')},
      ${column('link')}, ${column('text')}, ${column('tags')}, ${column('location')}, ${column('team')})
      as file (row_no, name, slug, picture, description, link, text, tags, location, team)`.execute(
    connection,
  );
}

async function reportDuplicateNames(connection: Database, problems: RowProblems): Promise<void> {
  await reportInvalidRows(connection, problems, {
    invalidRows: sql<{ name: string; first: number }>`
      select row_no, name, first from (
        select row_no, name, min(row_no) over (partition by lower(name)) as first from pg_temp.thing_file
      ) as named where row_no > first`,
    describe: ({ name, first }) => ({
      column: 'name',
      message: `${quoted(name)} is in row ${first} already`,
    }),
  });
}

async function saveThings(trx: Transaction, fields: TopicFields): Promise<ImportedThings> {
  const topic = await saveTopic(trx, fields);
  const { rows } = await sql<{ added: number; changed: number; total: number }>`
    with written as (
      insert into things (topic_id, slug, name, picture, description, link, text, tags, location, team)
      select ${topic.id}::bigint, slug, name, picture, description, link, text, coalesce(tags, '{}'), location, team
      from pg_temp.thing_file order by row_no
      on conflict (topic_id, lower(name)) do update set
        slug = excluded.slug, name = excluded.name, picture = coalesce(excluded.picture, things.picture),
        description = coalesce(excluded.description, things.description),
        link = coalesce(excluded.link, things.link), text = coalesce(excluded.text, things.text),
        tags = case when excluded.tags = '{}' then things.tags else excluded.tags end,
        location = coalesce(excluded.location, things.location), team = coalesce(excluded.team, things.team)
      where (things.name, things.picture, things.description, things.link, things.text, things.tags, things.location,
        things.team) is distinct from (
        excluded.name, coalesce(excluded.picture, things.picture),
        coalesce(excluded.description, things.description), coalesce(excluded.link, things.link),
        coalesce(excluded.text, things.text), case when excluded.tags = '{}' then things.tags else excluded.tags end,
        coalesce(excluded.location, things.location), coalesce(excluded.team, things.team))
      returning xmax = 0 as is_new)
    select count(*) filter (where is_new)::int as added, count(*) filter (where not is_new)::int as changed,
      (select count(*)::int from pg_temp.thing_file) as total
    from written`.execute(trx);
  const { added, changed, total } = rows[0] ?? { added: 0, changed: 0, total: 0 };
  if (added + changed > 0) await invalidateTopicCaches(trx, topic.id);
  return { added, changed, unchanged: total - added - changed, topic };
}
