import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { sql } from 'kysely';
import { root } from '../config.js';
import type { Database, Transaction } from '../database.js';
import { type Columns, type Row, readRows } from './csv.js';
import { ImportError, quoted, RowProblems } from './row-problems.js';
import { reportInvalidRows, stageBatches, withStagingTables } from './staging.js';
import { invalidateTopicCaches } from './things.js';
import { saveTopic, type Topic, type TopicFields } from './topics.js';

/** The result of an import of things: the numbers of things added, changed and left as they were. */
export interface ImportedThings {
  added: number;
  changed: number;
  unchanged: number;
  topic: Topic;
}

type Column = 'name' | 'picture' | 'description' | 'link';

const COLUMNS: Columns<Column> = { required: ['name'], optional: ['picture', 'description', 'link'] };

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
      (row_no int, name text, slug text, picture text, description text, link text)`.execute(connection);
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

function validateThing({ row, cells }: Row<Column>, problems: RowProblems): boolean {
  const before = problems.count;
  const { name, picture, link } = cells;
  const report = (column: Column, message: string): void => problems.add({ row, column, message });

  if (name === '') report('name', 'is empty');
  else if ([...name].length > 80) report('name', `${quoted(name)} is longer than 80 characters`);
  else if (/\p{Cc}/u.test(name))
    report('name', `${quoted(name)} has a line break or another control character`);

  if (picture && !/^[\w-]+(\/[\w-]+)*\.(svg|png|jpe?g|webp|avif|gif)$/i.test(picture))
    report(
      'picture',
      `${quoted(picture)} is not a picture's path under public/pictures, such as food/pizza.svg`,
    );
  else if (picture && !isFile(join(root, 'public/pictures', picture)))
    report('picture', `${quoted(picture)} is not in public/pictures: put the file there first`);

  // A page shows a description as one paragraph, so a line break becomes a space.
  cells.description = cells.description.replace(/\s+/g, ' ');
  if ([...cells.description].length > 300) report('description', 'is longer than 300 characters');
  else if (/\p{Cc}/u.test(cells.description)) report('description', 'has a control character');

  if (link.length > 500) report('link', 'is longer than 500 characters');
  else if (link && !isWebAddress(link))
    report('link', `${quoted(link)} is not an address that starts with http:// or https://`);
  return problems.count === before;
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

function isWebAddress(link: string): boolean {
  return !/[\s\p{Cc}]/u.test(link) && /^https?:\/\//i.test(link) && URL.canParse(link);
}

async function stageThings(connection: Database, rows: Row<Column>[]): Promise<void> {
  const column = (name: Column): string[] => rows.map(({ cells }) => cells[name]);
  await sql`
    insert into pg_temp.thing_file
    select row_no, name, slug, nullif(picture, ''), nullif(description, ''), nullif(link, '')
    from unnest(${rows.map(({ row }) => row)}::int[], ${column('name')}::text[],
      ${column('name').map(thingSlug)}::text[], ${column('picture')}::text[], ${column('description')}::text[],
      ${column('link')}::text[]) as file (row_no, name, slug, picture, description, link)`.execute(
    connection,
  );
}

/** Makes the part of an address that names a thing. */
export function thingSlug(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'thing';
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
      insert into things (topic_id, slug, name, picture, description, link)
      select ${topic.id}::bigint, slug, name, picture, description, link from pg_temp.thing_file order by row_no
      on conflict (topic_id, lower(name)) do update set
        slug = excluded.slug, name = excluded.name, picture = coalesce(excluded.picture, things.picture),
        description = coalesce(excluded.description, things.description),
        link = coalesce(excluded.link, things.link)
      where (things.name, things.picture, things.description, things.link) is distinct from (
        excluded.name, coalesce(excluded.picture, things.picture),
        coalesce(excluded.description, things.description), coalesce(excluded.link, things.link))
      returning xmax = 0 as is_new)
    select count(*) filter (where is_new)::int as added, count(*) filter (where not is_new)::int as changed,
      (select count(*)::int from pg_temp.thing_file) as total
    from written`.execute(trx);
  const { added, changed, total } = rows[0] ?? { added: 0, changed: 0, total: 0 };
  if (added + changed > 0) await invalidateTopicCaches(trx, topic.id);
  return { added, changed, unchanged: total - added - changed, topic };
}
