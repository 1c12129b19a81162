import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { itOnPostgres, member, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });

type User = Awaited<ReturnType<typeof member>>;
const rename = ({ browser }: User, name: string) =>
  browser.post('/profile/name').type('form').send({ 'new-name': name });
const register = (username: string) =>
  visit(site).post('/register').type('form').send({ username, password: 'a long enough phrase' });
const logIn = (username: string, { password }: User) =>
  visit(site).post('/login').type('form').send({ username, password });

it('changes a name, while sessions go on, and records it', async () => {
  const user = await member(site, { username: 'Before' });
  await rename(user, ' After ').expect(303);
  expect(read((await user.browser.get('/profile').expect(200)).text)('h1').text()).toBe('After');
  await logIn('Before', user).expect(422);
  await logIn('after', user).expect(303);
  const events = site.db
    .selectFrom('sessionEvents')
    .where('userId', '=', user.id)
    .select('kind')
    .orderBy('id');
  expect((await events.execute()).map(({ kind }) => kind)).toEqual(['login', 'renamed', 'login']);
});

it('keeps the old name for a year, also from names that look like it, and lets its owner take it back', async () => {
  const [user, other] = [await member(site, { username: 'Sally' }), await member(site)];
  await rename(user, 'Sandra').expect(303);
  for (const name of ['sally', 'SALLY', 'Sa11y']) {
    const refused = await register(name).expect(422);
    expect(read(refused.text)('#username-error').text()).toMatch(/lately/);
    expect(read((await rename(other, name).expect(422)).text)('#new-name-error').text()).toMatch(/lately/);
  }
  const page = read((await user.browser.get('/profile/name').expect(200)).text);
  expect(page('.entries p bdi').text()).toBe('Sally');
  await rename(user, String(page('.entries [name=new-name]').val())).expect(303);
  expect(read((await user.browser.get('/profile')).text)('h1').text()).toBe('Sally');
  await register('Sandra').expect(422);
});

it('gives a name away after a year, or when the account is closed', async () => {
  const user = await member(site, { username: 'Yearly' });
  await rename(user, 'Yearly-two').expect(303);
  await sql`update former_names set kept_until = now() where user_id = ${user.id}`.execute(site.db);
  await register('Yearly').expect(303);
  const leaver = await member(site, { username: 'Leaving' });
  await rename(leaver, 'Leaving-two').expect(303);
  const person = read((await leaver.browser.get('/profile/close')).text)('[name=person]').val();
  await leaver.browser.post('/profile/close').type('form').send({ votes: 'keep', person }).expect(303);
  await register('Leaving').expect(303);
});

it('changes capitals without keeping anything', async () => {
  const user = await member(site, { username: 'lowercase' });
  await rename(user, 'LowerCase').expect(303);
  expect(read((await user.browser.get('/profile/name')).text)('.entries')).toHaveLength(0);
});

it.each([
  ['x', '2 to 30'],
  ['admin', 'reserved'],
  ['two words', 'Use only letters'],
])('refuses the name %s, and keeps it in the form', async (name, message) => {
  const page = read((await rename(await member(site), name).expect(422)).text);
  expect(page('#new-name-error').text()).toContain(message);
  expect(page('#new-name').val()).toBe(name);
});

it('keeps five names at most, so that nobody reserves many', async () => {
  const user = await member(site, { username: 'many-0' });
  for (let times = 1; times <= 5; times++) await rename(user, `many-${times}x`).expect(303);
  const page = read((await rename(user, 'many-six').expect(422)).text);
  expect(page('#new-name-error').text()).toContain('last 5 names');
  await rename(user, 'many-3x').expect(303);
});

it('asks for the password when it was entered a while ago', async () => {
  const user = await member(site);
  await sql`update sessions set confirmed_at = now() - interval '1 hour' where user_id = ${user.id}`.execute(
    site.db,
  );
  await rename(user, 'confirmed-first').expect(422);
  const form = { 'new-name': 'confirmed-first', password: user.password };
  await user.browser.post('/profile/name').type('form').send(form).expect(303);
});

itOnPostgres('gives a name to nobody else who asks for it in the moment when it is given up', async () => {
  for (let round = 0; round < 5; round++) {
    const user = await member(site, { username: `giving-up-${round}x` });
    const [, taken] = await Promise.all([
      rename(user, `given-up-${round}x`),
      register(`giving-up-${round}x`),
      register(`giving-up-${round}x`),
    ]);
    expect(taken.status).toBe(422);
  }
});
