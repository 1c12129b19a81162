import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect } from 'vitest';
import { killProcesses, startProcess } from '../../processes.js';
import { databaseEnv, itOnPostgres, lockHolder, topic, useSite } from '../../site.js';
import { expectCorrectRatings } from './expected-ratings.js';

const site = useSite();
const dataDir = mkdtempSync(join(tmpdir(), 'thinga-frozen-'));
let topicId = 0;

beforeAll(async () => {
  await topic(site);
  topicId = (await site.db.selectFrom('things').select('topicId').executeTakeFirstOrThrow()).topicId;
});
afterAll(() => {
  killProcesses();
  rmSync(dataDir, { recursive: true, force: true });
});

itOnPostgres('takes over from a frozen ranker within three seconds, and counts no vote twice', async () => {
  const first = await start();
  await until(async () => (await lockHolder(site.db)) !== undefined);
  const second = await start();
  await castVotes(50);
  await until(async () => (await countVotes()) === 50);

  const before = await lockHolder(site.db);
  await castVotes(50);
  first.child.kill('SIGSTOP');
  const frozenAt = Date.now();
  await until(async () => ![before, undefined].includes(await lockHolder(site.db)));
  expect(Date.now() - frozenAt).toBeLessThan(3_000);
  await castVotes(50);
  await until(async () => (await countVotes()) === 150);

  first.child.kill('SIGCONT');
  await first.until('the ranker was interrupted and tries again');
  await castVotes(50);
  await until(async () => (await countVotes()) === 200);
  for (const { child } of [first, second]) {
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
  }
  await until(async () => (await lockHolder(site.db)) === undefined);
  expect(await countVotes()).toBe(200);
  await expectCorrectRatings(site.db, topicId);
});

async function start() {
  const env = { DATA_DIR: dataDir, ...databaseEnv(site.config), LOG_LEVEL: 'info' };
  const ranker = startProcess(env, { program: 'ranker' });
  await ranker.until('the ranker has started');
  return ranker;
}

async function castVotes(count: number): Promise<void> {
  await sql`
    insert into votes (ballot_id, topic_id, left_id, right_id, outcome, strategy)
    select gen_random_uuid(), ${topicId}::bigint, min(id), max(id), 'left', 'import'
    from things, generate_series(1, ${count}::int) as number where topic_id = ${topicId}::bigint
    group by number`.execute(site.db);
}

async function countVotes(): Promise<number> {
  const rows = await site.db.selectFrom('ratings').select('wins').execute();
  return rows.reduce((sum, { wins }) => sum + wins, 0);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}
