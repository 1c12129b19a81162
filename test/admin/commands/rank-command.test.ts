import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../../../src/config.js';
import { openTestDatabase } from '../../site.js';

const folder = mkdtempSync(join(tmpdir(), 'thinga-commands-'));
const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, DATA_DIR: join(folder, 'data') };
let close = async (): Promise<void> => undefined;

beforeAll(async () => {
  const stores = await openTestDatabase();
  ({ close } = stores);
  if (stores.config.databaseUrl) env.DATABASE_URL = stores.config.databaseUrl;
  writeFileSync(join(folder, 'things.csv'), 'name\nTea\nPie\nJam\n');
  writeFileSync(
    join(folder, 'votes.csv'),
    'winner,loser,at\nTea,Pie,2014-01-31\nTea,Jam,2014-01-30\nPie,Jam,2014-01-29\n',
  );
  writeFileSync(join(folder, 'wrong.csv'), 'winner,loser\nTea,Coffee\n');
});
afterAll(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the built command line program as `npm run` does. */
async function run(
  line: string,
  { settings = {}, input = '' } = {},
): Promise<{ code: number; out: string; err: string }> {
  const args = line.split(' ').map((arg) => (arg.endsWith('.csv') ? join(folder, arg) : arg));
  const child = spawn(process.execPath, ['dist/src/cli.js', ...args], {
    cwd: root,
    env: { ...env, ...settings },
  });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out, err };
}

it('makes a ranking from two files, and the same one when it is rebuilt', async () => {
  expect((await run('import things things.csv --topic drinks --title Drinks')).out).toBe(
    'Drinks: 3 things added, 0 changed, 0 unchanged.\n',
  );
  const imported = 'Drinks: 3 votes added, 0 already there.\nThe ranking is up to date.\n';
  expect((await run('import votes votes.csv --topic drinks')).out).toBe(imported);
  const ranking = await run('export ranking --topic drinks');
  expect(ranking).toMatchObject({ code: 0, err: '' });
  const ranks = ranking.out.split('\n').map((line) => line.split(',').slice(0, 2).join(' '));
  expect(ranks).toEqual(['rank name', '1 Tea', '2 Pie', '3 Jam', '']);

  expect((await run('import votes votes.csv --topic drinks')).out).toContain(
    '0 votes added, 3 already there',
  );
  expect((await run('rank --rebuild --topic drinks')).out).toBe('Drinks: rebuilt from 3 votes.\n');
  expect((await run('export ranking --topic drinks')).out).toBe(ranking.out);
  expect((await run('rank --check --topic drinks')).out).toBe(
    'Drinks: 3 votes; live and fitted order agree with τ = 1.0000, and differ by 0.0000 at most.\n',
  );
  expect((await run('rank --rebuild')).out).toContain(
    'Drinks: rebuilt from 3 votes.\nFoods: rebuilt from 0 votes.\n',
  );
});

it('imports from standard input', async () => {
  const { out } = await run('import things - --topic stdin', { input: 'name\nOne\nTwo\n' });
  expect(out).toBe('Stdin: 2 things added, 0 changed, 0 unchanged.\n');
});

it('seeds topics and a demo user, and prints the password', async () => {
  const { out } = await run('seed');
  expect(out).toMatch(/^Foods: 4\d things added/);
  expect(out).toMatch(/Log in as demo with the password \S+\n$/);
  expect((await run('seed')).out).toMatch(/^Foods: 0 things added/);
});

it('reverts a migration and applies it again', async () => {
  expect(await run('migrate')).toMatchObject({ code: 0 });
  const newest = readdirSync(join(root, 'migrations')).sort().at(-1)?.replace('.ts', '');
  expect((await run('migrate down')).out).toBe(`Took back ${newest}.\n`);
  expect((await run('migrate')).out).toBe(`Migrated ${newest}.\n`);
  expect((await run('migrate')).out).toBe('The tables are up to date.\n');
});

it.each([
  ['an invalid file', 'import votes wrong.csv --topic foods', /^row 2, column winner: "Tea" is not/],
  ['a missing file', 'import things nothing.csv --topic foods', /nothing\.csv: there is no such file\n$/],
  ['an unknown topic', 'export votes --topic nowhere', /^there is no topic "nowhere"; there are .*foods/],
])('prints an error without a stack trace: %s', async (_case, line, message) => {
  const { code, out, err } = await run(line);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(message);
  expect(err).not.toContain('.js:');
});

it('prints one line without the password when Postgres is unavailable', async () => {
  const settings = { DATABASE_URL: 'postgres://ann:geheim@127.0.0.1:9/x' };
  const { code, err } = await run('rank --rebuild', { settings });
  expect([code, err]).toEqual([1, "Postgres at 127.0.0.1:9 can't be reached: connect ECONNREFUSED\n"]);
});

it.each([
  ['', 'which command?'],
  ['frobnicate', 'there is no command frobnicate'],
  ['import things things.csv', '--topic is missing'],
  ['import ideas things.csv --topic foods', 'import takes the word things or votes'],
  ['import votes votes.csv --topic foods --title Foods', '--title and --question go with things'],
  ['export everything --topic foods', 'export takes one of the words'],
  ['rank', 'one of --rebuild and --check is needed'],
  ['rank --rebuild --check', 'one of --rebuild and --check is needed'],
  ['rank --rebuild --fast', "Unknown option '--fast'"],
  ['migrate sideways', 'migrate takes nothing, or the word down'],
])('prints the usage for %j', async (line, message) => {
  const { code, out, err } = await run(line);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(message);
  expect(err).toContain('npm run import -- votes FILE.csv --topic SLUG');
});
