import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/log.js';
import { HTMX, openSite, read, type Site, topic, visit } from '../site.js';

let site: Site;
let lines: string[] = [];

beforeAll(async () => {
  site = await openSite({}, { log: createLog('info', { write: (line) => void lines.push(line) }) });
  await topic(site);
  await sql`alter table users rename to users_away`.execute(site.db);
});
afterAll(() => site.close());

const form = { username: 'somebody', password: 'a long enough phrase' };

async function entries() {
  const all = () => lines.map((line) => JSON.parse(line));
  while (!all().some(({ msg }) => msg === 'request')) await new Promise((resolve) => setTimeout(resolve, 10));
  return all();
}

it('logs one line for a request, with the id that the page about an error shows', async () => {
  lines = [];
  const { text } = await visit(site).post('/login').type('form').send(form).expect(500);
  const shown = read(text)('main code').text();
  const all = await entries();
  expect(all.filter(({ msg }) => msg === 'request')).toMatchObject([
    { id: shown, path: '/login', status: 500 },
  ]);
  expect(all.filter(({ level }) => level === 50)).toMatchObject([{ id: shown, path: '/login' }]);
  expect(shown).toMatch(/^[0-9a-f]{12}$/);
});

it('shows the id in the notice of a page, and to programs', async () => {
  lines = [];
  const part = await visit(site).post('/login').set(HTMX).type('form').send(form).expect(500);
  expect(read(part.text)('code').text()).toBe((await entries())[0].id);
  lines = [];
  const data = await visit(site)
    .post('/login')
    .set('Accept', 'application/json')
    .type('form')
    .send(form)
    .expect(500);
  expect(data.body.requestId).toBe((await entries())[0].id);
});

it('shows no id where the log has nothing to add', async () => {
  const { text } = await visit(site).get('/nowhere').expect(404);
  expect(read(text)('main code')).toHaveLength(0);
});
