import { expect, it } from 'vitest';
import { useSite, visit } from '../site.js';

const site = useSite({ publicOrigin: 'https://thinga.example' });

const cookiesOf = (answer: { headers: Record<string, unknown> }): string[] =>
  (answer.headers['set-cookie'] ?? []) as string[];

it('marks every cookie for https alone, and the session’s for this host alone', async () => {
  const form = { username: 'secure', password: 'engines and flowers' };
  const registered = await visit(site).post('/register').type('form').send(form).expect(303);
  const session = cookiesOf(registered).filter((cookie) => cookie.startsWith('__Host-thinga='));
  expect(session).toHaveLength(1);
  expect(session[0]).toMatch(/^__Host-thinga=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const loggedIn = await visit(site)
    .post('/login')
    .type('form')
    .send({ ...form, remember: 'yes' })
    .expect(303);
  for (const cookie of [...cookiesOf(registered), ...cookiesOf(loggedIn)]) {
    expect(cookie).toMatch(/^__Host-/);
    for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'])
      expect(cookie).toContain(attribute);
    expect(cookie).not.toContain('Domain');
  }
  const [cookie = ''] = session.map((header) => header.split(';')[0]);
  const out = await visit(site).post('/logout').set('Cookie', cookie).expect(303);
  const [cleared] = cookiesOf(out).filter((header) => header.startsWith('__Host-thinga='));
  expect(cleared).toMatch(
    /^__Host-thinga=; Path=\/; Expires=Thu, 01 Jan 1970 .*; HttpOnly; Secure; SameSite=Lax$/,
  );
});

it('asks browsers to come by https only', async () => {
  const { headers } = await visit(site).get('/');
  expect(headers['strict-transport-security']).toBe('max-age=63072000');
});
