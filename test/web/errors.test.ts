import { once } from 'node:events';
import { connect } from 'node:net';
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
  // More than what the sockets between the site and a visitor hold.
  await sql`
    insert into things (topic_id, slug, name)
    select topic_id, 'filler-' || number, rpad('Filler ' || number || ' ', 80, 'x')
    from (select min(topic_id) as topic_id from things) as foods, generate_series(1, 150000) as number`.execute(
    site.db,
  );
});
afterAll(() => site.close());

const answered = () => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');

it.each(['destroy', 'resetAndDestroy'] as const)(
  'takes a download that was broken off (%s) for no fault',
  async (end) => {
    lines = [];
    const socket = connect(Number(new URL(site.origin).port), '127.0.0.1');
    socket.write('GET /topics/foods/data.json HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    socket[end]();
    while (answered().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    // Whatever else is written about it comes right after.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered()).toMatchObject([{ path: '/topics/foods/data.json', cut: true }]);
    expect(lines.filter((line) => JSON.parse(line).level > 30)).toEqual([]);
  },
);

it('still logs what breaks while a download is under way', async () => {
  lines = [];
  await sql`alter table votes rename to votes_away`.execute(site.db);
  try {
    await expect(
      fetch(`${site.origin}/topics/foods/data.json`).then((answer) => answer.text()),
    ).rejects.toThrow();
  } finally {
    await sql`alter table votes_away rename to votes`.execute(site.db);
  }
  while (answered().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const [fault] = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 50);
  expect(fault.err.message).toContain('votes');
});
