import { beforeAll, expect, it } from 'vitest';
import { type Browser, member, thingNames, useSite, visit } from '../site.js';

const site = useSite({ trustProxy: 1 });
let browser: Browser;

beforeAll(async () => {
  ({ browser } = await member(site));
});

const send = (things: string) =>
  browser
    .post('/topics/new')
    .type('form')
    .send(new URLSearchParams({ title: 'Lunch', question: 'Which?', access: 'link', things }).toString());

// Each of them once took a minute and more, in which nobody else was answered.
it.each([
  ['blank lines', '\n'.repeat(1_200_000), 422],
  ['lines of a table with an open quote', `name\n"${'a\n'.repeat(700_000)}`, 413],
  ['lines', 'Tea\n'.repeat(600_000), 413],
  ['cells', `name${','.repeat(1_200_000)}\nTea`, 413],
])('answers a text with very many %s', async (_what, things, status) => {
  expect((await send(things)).status).toBe(status);
});

it('answers others while it reads a long text', async () => {
  let isAnswered = false;
  const long = send(`name,description\n${thingNames(20_000).join(',Good\n')}`).then((answer) => {
    isAnswered = true;
    return answer;
  });
  const others: boolean[] = [];
  while (!isAnswered) {
    await visit(site).get('/healthz').expect(200);
    others.push(isAnswered);
  }
  expect((await long).status).toBe(422);
  expect(others.filter((isLate) => !isLate).length).toBeGreaterThan(5);
});

it('takes one file with things, and says so to a form with two', async () => {
  const table = Buffer.from('name\nTea');
  const answer = await browser
    .post('/topics/new')
    .attach('file', table, 'a.csv')
    .attach('file', table, 'b.csv');
  expect(answer.status).toBe(413);
  expect(answer.text).toContain('You chose more than 1 file');
});
