import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readConfig, root } from '../src/config.js';
import { type Database, openDatabase } from '../src/database.js';
import { migrateDown, migrateUp } from '../src/migrate.js';

const dataDir = mkdtempSync(join(tmpdir(), 'thinga-embedded-'));
const migrations = readdirSync(join(root, 'migrations'))
  .map((file) => file.replace('.ts', ''))
  .sort();
const config = { ...readConfig({ DATA_DIR: dataDir }), databaseUrl: undefined };
const open = (print: (line: string) => void = () => undefined): Promise<Database> =>
  openDatabase(config, print);

afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

it('says that it creates the database at the first start, and keeps its data for the next one', async () => {
  const lines: string[] = [];
  const first = await open((line) => lines.push(line));
  expect(lines.join()).toContain('Creating the embedded database');
  expect(await migrateUp(first)).toEqual(migrations);
  await first.insertInto('voters').values({ kind: 'imported', importedAs: 'kept' }).execute();
  await first.destroy();

  const second = await open((line) => lines.push(line));
  expect(lines).toHaveLength(1);
  expect(await migrateUp(second)).toEqual([]);
  expect(await second.selectFrom('voters').select('importedAs').execute()).toEqual([{ importedAs: 'kept' }]);
  await second.destroy();
});

it('is open in one process at a time', async () => {
  const holder = await open();
  await expect(open()).rejects.toThrow('in use by another process');
  await holder.destroy();
  await (await open()).destroy();
});

it('opens for one of several simultaneous callers', async () => {
  const opened = await Promise.allSettled([open(), open(), open(), open()]);
  const fulfilled = opened.filter((result) => result.status === 'fulfilled');
  expect(fulfilled).toHaveLength(1);
  for (const { value } of fulfilled) await value.destroy();
});

it('gives its one connection to one caller at a time, so transactions do not mix', async () => {
  const db = await open();
  const failing = db.transaction().execute(async (trx) => {
    await trx.insertInto('voters').values({ kind: 'imported', importedAs: 'rolled back' }).execute();
    throw new Error('changed my mind');
  });
  const meanwhile = db.insertInto('voters').values({ kind: 'imported', importedAs: 'stays' }).execute();
  await expect(failing).rejects.toThrow('changed my mind');
  await meanwhile;
  const names = await db.selectFrom('voters').select('importedAs').orderBy('id').execute();
  expect(names.map(({ importedAs }) => importedAs)).toEqual(['kept', 'stays']);
  await db.destroy();
});

it('reverts each migration, and applies it again', async () => {
  const db = await open();
  for (const name of migrations.toReversed()) expect(await migrateDown(db)).toEqual([name]);
  expect(await migrateDown(db)).toEqual([]);
  expect(await migrateUp(db)).toEqual(migrations);
  expect(await db.selectFrom('topics').where('isDefault', '=', true).select('slug').execute()).toEqual([
    { slug: 'foods' },
  ]);
  await db.destroy();
});
