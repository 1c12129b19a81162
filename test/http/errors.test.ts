import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/log.js';
import { openSite, type Site, topic } from '../site.js';

let site: Site;
let lines: string[] = [];

beforeAll(async () => {
  const write = (line: string): void => void lines.push(line);
  site = await openSite({}, { log: createLog('trace', { write }) });
  await topic(site);
  // Far more than the buffers of the sockets hold.
  const body = gzipSync(randomBytes(30_000_000).toString('hex'), { level: 1 });
  await sql`
    insert into snapshots (topic_id, xid, ledger_id, body)
    select id, '1', 1, ${body} from topics where slug = 'foods'`.execute(site.db);
});
afterAll(() => site.close());

const requestLines = () => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');

it.each(['destroy', 'resetAndDestroy'] as const)(
  'logs no error when a visitor stops a download (%s)',
  async (end) => {
    lines = [];
    const socket = connect(Number(new URL(site.origin).port), '127.0.0.1');
    socket.write('GET /topics/foods/data.json HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    socket[end]();
    while (requestLines().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    // An error would be logged right after.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(requestLines()).toMatchObject([{ path: '/topics/foods/data.json', cut: true }]);
    expect(lines.filter((line) => JSON.parse(line).level > 30)).toEqual([]);
  },
);

it('logs an error that breaks a download', async () => {
  lines = [];
  const answer = await fetch(`${site.origin}/topics/foods/data.json`);
  await sql`delete from snapshots`.execute(site.db);
  await expect(answer.text()).rejects.toThrow();
  while (requestLines().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const [fault] = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 50);
  expect(fault.err.message).toContain('has been replaced');
});
