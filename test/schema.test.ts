import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { root } from '../src/config.js';
import { useSite } from './site.js';

const site = useSite();
const text = readFileSync(join(root, 'src/schema.ts'), 'utf8');

/** A column as TypeScript or as Postgres has it. */
interface Column {
  type: string;
  isNullable: boolean;
}
type Tables = Map<string, Map<string, Column>>;

const TYPES: Record<string, string> = {
  ...{ int8: 'number', int4: 'number', float8: 'number', float4: 'number' },
  ...{ text: 'string', uuid: 'string', xid8: 'string', session_status: 'string' },
  ...{
    bool: 'boolean',
    timestamptz: 'Date',
    bytea: 'Buffer',
    json: 'JSON',
    jsonb: 'JSON',
    _text: 'string[]',
  },
};

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Reads the tables from the text of schema.ts, because types do not exist at run time. */
function tablesInSchema(): Tables {
  const bodyOf = (name: string): string =>
    new RegExp(`export interface ${name} \\{\\n(.*?)\\n\\}`, 's').exec(text)?.[1] ?? '';
  const fieldsOf = (body: string): [string, string][] =>
    [...body.matchAll(/^ {2}(\w+): (.+);$/gm)].map(([, field = '', type = '']) => [field, type]);
  return new Map(
    fieldsOf(bodyOf('Schema')).map(([table, name]) => [
      snakeCase(table),
      new Map(fieldsOf(bodyOf(name)).map(([field, type]) => [snakeCase(field), columnOf(type)])),
    ]),
  );
}

/** Translates a type of schema.ts. A named union of strings is a string. */
function columnOf(type: string): Column {
  const bare = type.replace(/^(Generated|GeneratedAlways)<(.*)>$/, '$2');
  const isNullable = /\| null$/.test(bare);
  const base = bare.replace(/ \| null$/, '');
  if (base === 'Created') return { type: 'Date', isNullable };
  if (base.startsWith('JSONColumnType')) return { type: 'JSON', isNullable };
  const isStringUnion = base.startsWith("'") || new RegExp(`export type ${base} =\\s+(\\|\\s+)?'`).test(text);
  return { type: isStringUnion ? 'string' : base, isNullable };
}

/** Reads the tables that the migrations made. */
async function tablesInDatabase(): Promise<Tables> {
  const { rows } = await sql<{ table: string; column: string; type: string; nullable: boolean }>`
    select table_name as "table", column_name as "column", udt_name as type, is_nullable = 'YES' as nullable
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like 'kysely%'
    order by table_name, ordinal_position`.execute(site.db);
  const tables: Tables = new Map();
  for (const { table, column, type, nullable } of rows) {
    const columns = tables.get(table) ?? new Map();
    tables.set(table, columns.set(column, { type: TYPES[type] ?? type, isNullable: nullable }));
  }
  return tables;
}

const sorted = (tables: Tables): object =>
  Object.fromEntries(
    [...tables].sort().map(([table, columns]) => [table, Object.fromEntries([...columns].sort())]),
  );

it('describes every table as the migrations make it: columns, types and nullability', async () => {
  const described = tablesInSchema();
  expect(described.size).toBeGreaterThan(20);
  expect(sorted(described)).toEqual(sorted(await tablesInDatabase()));
});
