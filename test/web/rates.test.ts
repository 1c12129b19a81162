import { beforeAll, expect, it } from 'vitest';
import { HTMX, member, pairOn, read, topic, useSite, visit } from '../site.js';

const site = useSite({ rateLimits: true });
beforeAll(async () => {
  await topic(site);
});

it('says when to try again to whoever votes faster than a person can, and keeps the pair', async () => {
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
  expect(await site.db.selectFrom('votes').where('voter', '=', id).select('id').execute()).toHaveLength(1);
});

it('limits registering by place', async () => {
  let refused = 0;
  for (let name = 0; name < 32; name++)
    if (
      (await visit(site).post('/register').type('form').send({ username: 'x', password: 'y' })).status === 429
    )
      refused++;
  expect(refused).toBeGreaterThan(0);
  await visit(site).get('/register').expect(200);
});
