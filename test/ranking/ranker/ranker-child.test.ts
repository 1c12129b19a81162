import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { getPriority, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeEach, expect, inject, vi } from 'vitest';
import { freePort, killProcesses, type SiteProcess, startProcess } from '../../processes.js';
import { itOnBothStores, itOnPostgres, lockHolder, openSite, type Site, topic } from '../../site.js';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const dataDir = mkdtempSync(join(tmpdir(), 'thinga-ranker-child-'));
let site: Site;
let port = 0;

beforeEach(async () => {
  port = await freePort();
  if (!inject('postgres')) return;
  site = await openSite();
  await topic(site);
});
afterEach(async () => {
  killProcesses();
  await site?.close();
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

itOnPostgres('ranks in a child process, and starts another one when it is killed', async () => {
  const served = await serve({});
  await castVotes(10);
  await until(async () => (await countVotes()) === 10);
  const [first] = await rankerPids(served, 1);
  expect(first).not.toBe(served.child.pid);

  process.kill(first as number, 'SIGKILL');
  await castVotes(10);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  const [, second] = await rankerPids(served, 2);
  await until(async () => (await countVotes()) === 20);
  expect(served.said()).toContain('"signal":"SIGKILL"');

  await stop(served);
  expect(isAlive(second as number)).toBe(false);
  expect(await lockHolder(site.db)).toBeUndefined();
});

itOnPostgres('gives the ranker a lower priority than the site, and never a higher one', async () => {
  const served = await serve({});
  const [first] = await rankerPids(served, 1);
  expect(getPriority(first)).toBe(10);

  setPriority(served.child.pid as number, 15);
  process.kill(first as number, 'SIGKILL');
  const [, second] = await rankerPids(served, 2);
  expect(getPriority(second)).toBe(15);
  await stop(served);
});

itOnPostgres('replaces a frozen ranker, also when no other ranker waits', async () => {
  const served = await serve({});
  const [first] = await rankerPids(served, 1);
  await until(async () => (await lockHolder(site.db)) !== undefined);
  process.kill(first as number, 'SIGSTOP');
  await castVotes(10);
  await rankerPids(served, 2);
  await until(async () => (await countVotes()) === 10);
  await stop(served);
});

itOnPostgres('ends the ranker when its parent process is killed', async () => {
  const served = await serve({});
  await until(async () => (await lockHolder(site.db)) !== undefined);
  served.child.kill('SIGKILL');
  await until(async () => (await lockHolder(site.db)) === undefined);
});

itOnBothStores('runs one ranker for several web processes, and ends it with them', async () => {
  const redis = inject('redis') ?? '';
  const served = await serve({ WEB_CONCURRENCY: '2', REDIS_URL: redis });
  await castVotes(10);
  await until(async () => (await countVotes()) === 10);
  const [only] = await rankerPids(served, 1);
  await stop(served);
  expect(isAlive(only as number)).toBe(false);
  expect(await rankerPids(served, 1)).toHaveLength(1);
});

itOnPostgres('ranks nothing with RANKER=none until a separate ranker is started', async () => {
  const served = await serve({ RANKER: 'none' });
  await castVotes(10);
  await sleep(2_000);
  expect([await countVotes(), await lockHolder(site.db)]).toEqual([0, undefined]);

  const ranker = startProcess(env({}), { program: 'ranker' });
  await until(async () => (await countVotes()) === 10);
  await stop(ranker);
  expect(await lockHolder(site.db)).toBeUndefined();
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  await stop(served);
});

itOnPostgres('ranks in the web process with RANKER=inline', async () => {
  const served = await serve({ RANKER: 'inline' });
  await castVotes(10);
  await until(async () => (await countVotes()) === 10);
  expect(await rankerPids(served, 0)).toEqual([]);
  await stop(served);
});

function env(more: Record<string, string>): Record<string, string> {
  const databaseUrl = site.config.databaseUrl ?? '';
  return { DATA_DIR: dataDir, PORT: String(port), DATABASE_URL: databaseUrl, LOG_LEVEL: 'info', ...more };
}

async function serve(more: Record<string, string>): Promise<SiteProcess> {
  const served = startProcess(env(more));
  await served.until('Thinga is at');
  return served;
}

async function stop({ child }: SiteProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

/** Waits until a web process has started `count` rankers. @returns their process ids */
async function rankerPids(served: SiteProcess, count: number): Promise<number[]> {
  const find = (): number[] =>
    served
      .said()
      .split('\n')
      .filter((line) => line.includes('the ranker has started'))
      .map((line) => (JSON.parse(line) as { pid: number }).pid);
  await until(async () => find().length >= count);
  return find();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function castVotes(count: number): Promise<void> {
  await sql`
    insert into votes (ballot_id, topic_id, left_id, right_id, outcome, strategy)
    select gen_random_uuid(), topic_id, min(id), max(id), 'left', 'import'
    from things, generate_series(1, ${count}::int) as number group by topic_id, number`.execute(site.db);
}

async function countVotes(): Promise<number> {
  const rows = await site.db.selectFrom('ratings').select('wins').execute();
  return rows.reduce((sum, { wins }) => sum + wins, 0);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}
