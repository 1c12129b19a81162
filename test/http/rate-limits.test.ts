import { beforeAll, expect, it } from 'vitest';
import { HTMX, importVotesOf, member, pairOn, read, topic, useSite, visit } from '../site.js';

const site = useSite({ rateLimits: 1, trustProxy: 1 });
const generous = useSite({ rateLimits: 2, trustProxy: 1 });
beforeAll(async () => {
  for (const each of [site, generous]) await importVotesOf(each, 10, await topic(each));
});

it('refuses votes that come too fast, says when to try again, and keeps the pair', async () => {
  const { browser, id } = await member(site);
  const { ballot } = pairOn((await browser.get('/vote')).text);
  const send = () => browser.post('/vote').set(HTMX).type('form').send({ ballot, choice: 'left' });
  const answers = [];
  for (let vote = 0; vote < 245; vote++) answers.push(await send());
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(5);
  expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
  expect(refused[0]?.headers['hx-retarget']).toBe('#notice');
  expect(read(refused[0]?.text ?? '')('.flash').text()).toContain('try again in');
  const other = await member(site);
  await other.browser.get('/vote').expect(200);
  expect(await site.db.selectFrom('votes').where('voterId', '=', id).select('id').execute()).toHaveLength(1);
});

it('lets a class behind one address vote in a topic by link', async () => {
  const { browser } = await member(site);
  const form = {
    title: 'Class',
    question: 'Which?',
    access: 'link',
    things: 'Tea\nPie\nJam',
    action: 'create',
  };
  const { headers } = await browser.post('/topics/new').type('form').send(form).expect(303);
  const manage = String(headers.location);
  await browser.post(`${manage}/open`).expect(303);
  const path = `${manage.replace('/manage', '')}/vote`;
  const statuses = new Set<number>();
  for (let pupil = 0; pupil < 260; pupil++) {
    const answer = await visit(site)
      .post(path)
      .set('X-Forwarded-For', '203.0.113.30')
      .type('form')
      .send({ ballot: 'none', choice: 'left' });
    statuses.add(answer.status);
  }
  expect([...statuses]).toEqual([422]);
});

it('counts for the limit of a network only the accounts that were made', async () => {
  const send = (form: object) =>
    visit(site).post('/register').set('X-Forwarded-For', '203.0.113.8').type('form').send(form);
  for (let name = 0; name < 32; name++) await send({ username: 'x', password: 'y' }).expect(422);
  await send({ username: 'after.many.tries', password: 'engines and flowers' }).expect(303);
});

it('refuses a network that tries to sign up without end', async () => {
  const send = () =>
    visit(site)
      .post('/register')
      .set('X-Forwarded-For', '203.0.113.9')
      .type('form')
      .send({ username: 'x', password: 'y' });
  let refused = 0;
  for (let name = 0; name < 302; name++) if ((await send()).status === 429) refused++;
  expect(refused).toBe(2);
});

it('limits registrations by network also for a browser that keeps its cookies', async () => {
  const [browser, from] = [visit(site), '203.0.113.7'];
  const statuses: number[] = [];
  for (let name = 0; name < 32; name++) {
    const form = { username: `many-of-me-${name}`, password: 'engines and flowers' };
    const answer = await browser.post('/register').set('X-Forwarded-For', from).type('form').send(form);
    statuses.push(answer.status);
  }
  expect(statuses).toEqual([...Array(30).fill(303), 429, 429]);
  const form = { username: 'one.too.many', password: 'engines and flowers', remember: 'on', next: '/top' };
  const answer = await visit(site)
    .post('/register')
    .set('X-Forwarded-For', from)
    .type('form')
    .send(form)
    .expect(429);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  const page = read(answer.text);
  expect(page('.error').text()).toMatch(
    /too many sign-ups from your network. Please try again in \d+ minutes\.$/,
  );
  expect(page('title').text()).toContain('Error');
  expect(page('[name=username]').val()).toBe(form.username);
  expect(page('[name=next]').val()).toBe(form.next);
  expect(page('[name=remember]').attr('checked')).toBeDefined();
  expect(page('[name=password]').val()).toBeUndefined();
});

it('says in JSON when to try again after too many downloads', async () => {
  const browser = visit(site);
  for (let look = 0; look < 20; look++) await browser.get('/topics/foods/data.json').expect(200);
  const refused = await browser.get('/topics/foods/data.json').expect(429);
  expect(refused.type).toBe('application/problem+json');
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
});

it('multiplies the limits of users and networks by the factor in the settings', async () => {
  const { browser } = await member(generous);
  for (const client of [browser, visit(generous)]) {
    for (let look = 0; look < 40; look++) await client.get('/topics/foods/data.json').expect(200);
    await client.get('/topics/foods/data.json').expect(429);
  }
});
