import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { makeResetLink } from '../../../src/auth/recovery/reset-link.js';
import { itOnPostgres, member, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });
const NEW_PASSWORD = 'a wholly new phrase';

async function memberWithLink() {
  const user = await member(site);
  const link = await makeResetLink(site, user.id);
  return { ...user, path: link.replace(site.config.publicOrigin, '') };
}
const reset = (path: string, password = NEW_PASSWORD) =>
  visit(site).post(path).type('form').send({ password });

it('lets somebody who lost password, device and code back in by a link from the operator', async () => {
  const { browser: lost, username, id, path } = await memberWithLink();
  const browser = visit(site);
  const page = await browser.get(path).expect(200);
  expect(read(page.text)('main').text()).toContain(username);
  expect(page.headers['referrer-policy']).toBe('strict-origin');
  expect(page.headers['cache-control']).toBe('no-store');
  await lost.get('/profile').expect(200);
  const { headers } = await browser.post(path).type('form').send({ password: NEW_PASSWORD }).expect(303);
  const code = read((await browser.get(headers.location ?? '').expect(200)).text)('#code').text();
  expect(code).toHaveLength(34);
  await lost.get('/profile').expect(303);
  await visit(site).post('/login').type('form').send({ username, password: NEW_PASSWORD }).expect(303);
  const events = await site.db
    .selectFrom('sessionEvents')
    .where('userId', '=', id)
    .select(['kind', 'reason'])
    .orderBy('id')
    .execute();
  expect(events.slice(1, 3)).toEqual([
    { kind: 'reset-link', reason: 'command line' },
    { kind: 'reset', reason: null },
  ]);
  const activity = read((await browser.get('/profile/sessions')).text)('#activity')
    .parent()
    .text();
  expect(activity).toContain('The people who run this site made a link for a new password');
});

it('refuses a link that was used, replaced, is too old, or belongs to a disabled account', async () => {
  const used = await memberWithLink();
  await reset(used.path).expect(303);
  const replaced = await memberWithLink();
  const next = await makeResetLink(site, replaced.id);
  const old = await memberWithLink();
  await sql`update reset_links set expires_at = now() where user_id = ${old.id}`.execute(site.db);
  const disabled = await memberWithLink();
  await sql`update users set disabled_at = now() where id = ${disabled.id}`.execute(site.db);
  const changed = await memberWithLink();
  const form = { current: changed.password, password: NEW_PASSWORD };
  await changed.browser.post('/profile/password').type('form').send(form).expect(303);
  for (const { path } of [used, replaced, old, disabled, changed, { path: '/reset/nothing' }]) {
    await visit(site).get(path).expect(404);
    await reset(path).expect(404);
  }
  await reset(next.replace(site.config.publicOrigin, '')).expect(303);
});

it('says what is wrong with the password, and keeps the link', async () => {
  const { path } = await memberWithLink();
  const answer = await reset(path, 'short').expect(422);
  expect(read(answer.text)('#password-error').text()).toContain('at least 8');
  await reset(path).expect(303);
});

it('lets the owner log in on their next device, however many passwords strangers have guessed', async () => {
  const { username, path } = await memberWithLink();
  const logIn = (password: string) => visit(site).post('/login').type('form').send({ username, password });
  for (let guess = 0; guess < 7; guess++) await logIn('a wrong guess').expect(422);
  await reset(path).expect(303);
  await logIn(NEW_PASSWORD).expect(303);
});

it('works for a day', async () => {
  const { id } = await memberWithLink();
  const { rows } = await sql<{ hours: number }>`
    select extract(epoch from expires_at - now())::float8 / 3600 as hours from reset_links where user_id = ${id}`.execute(
    site.db,
  );
  expect(rows[0]?.hours).toBeCloseTo(24, 1);
});

itOnPostgres('accepts a link once, however many send it at once', async () => {
  const { path } = await memberWithLink();
  const answers = await Promise.all(Array.from({ length: 4 }, () => reset(path)));
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 404, 404, 404]);
});
