import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, vi } from 'vitest';
import { freePort, killProcesses, startProcess } from '../../processes.js';
import { itOnBothStores, openTestDatabase } from '../../site.js';

// Starting several processes takes long on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const dataDir = mkdtempSync(join(tmpdir(), 'thinga-metrics-'));
const METRICS_TOKEN = 'f3zq8Zr2mVx7LdK4wTn9YbHc3GsJf6Pa';
afterAll(() => {
  killProcesses();
  rmSync(dataDir, { recursive: true, force: true });
});

itOnBothStores('tells what all web processes have counted, whichever is asked', async () => {
  const { config, close } = await openTestDatabase();
  const port = String(await freePort());
  const site = startProcess({
    ...{ DATA_DIR: dataDir, PORT: port, METRICS_TOKEN, WEB_CONCURRENCY: '2', RANKER: 'none' },
    ...{ DATABASE_URL: config.databaseUrl ?? '', REDIS_URL: inject('redis') ?? '' },
  });
  await site.until('Thinga is at');
  const origin = `http://127.0.0.1:${port}`;
  const headers = { Authorization: `Bearer ${METRICS_TOKEN}`, Connection: 'close' };
  const scrape = async (): Promise<string> => {
    const answer = await fetch(`${origin}/metrics`, { headers });
    return answer.ok ? answer.text() : '';
  };
  // Each process starts to count when it has loaded.
  await vi.waitUntil(async () => (await workersIn(await scrape())).length === 2, { timeout: 120_000 });
  // New connections go to each process in turn.
  for (let visit = 0; visit < 10; visit++)
    await fetch(`${origin}/login`, { headers: { Connection: 'close' } });
  for (let scrapes = 0; scrapes < 4; scrapes++) {
    const series = (await scrape()).matchAll(
      /^thinga_http_requests_total\{method="GET",route="\/login",status="200",worker="(\d)"\} (\d+)$/gm,
    );
    const counts = [...series].map(([, worker, count]) => [worker, Number(count)]);
    expect(counts.sort()).toEqual([
      ['1', 5],
      ['2', 5],
    ]);
  }
  // What the processes share is there once.
  expect((await scrape()).match(/^thinga_database_up /gm)).toHaveLength(1);
  site.child.kill('SIGKILL');
  await close();
});

const workersIn = (text: string): string[] =>
  [...text.matchAll(/^thinga_event_loop_utilization\{worker="(\d)"\}/gm)].map(([, worker]) => String(worker));
