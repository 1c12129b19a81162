import { expect, it } from 'vitest';
import { member, openSite, read, useSite, visit } from '../../site.js';

const site = useSite();

it('asks for as many characters of a new password as the setting says, and lets existing ones in', async () => {
  const { username, password, browser } = await member(site, { password: 'twelve chars' });
  const strict = await openSite({ passwordMinLength: 15 }, { storesOf: site });
  try {
    const form = { username: 'newcomer', password: 'twelve chars' };
    const page = read((await visit(strict).post('/register').type('form').send(form).expect(422)).text);
    expect(page('#password-error').text()).toBe('Use at least 15 characters.');
    expect(page('#password').attr('minlength')).toBe('15');
    expect(page('#password-hint').text()).toContain('At least 15 characters');
    const known = visit(strict);
    await known.post('/login').type('form').send({ username, password }).expect(303);
    const change = (next: string) =>
      known.post('/profile/password').type('form').send({ current: password, password: next });
    await change('thirteen char').expect(422);
    await change('fifteen letters').expect(303);
    const code = read((await browser.get('/login')).text)('#code').text();
    const recover = { username, code, password: 'thirteen char' };
    const refused = await visit(strict).post('/recover').type('form').send(recover).expect(422);
    expect(read(refused.text)('#password-error').text()).toBe('Use at least 15 characters.');
  } finally {
    await strict.close();
  }
});

it('recommends a passphrase of fifteen characters, and takes eight', async () => {
  const page = read((await visit(site).get('/register').expect(200)).text);
  const hint = page('#password-hint').text().replace(/\s+/g, ' ').trim();
  expect(hint).toBe(
    'At least 8 characters. Best is a passphrase of 15 or more: a few words that don’t belong together.',
  );
  await member(site, { password: 'eight ch' });
});
