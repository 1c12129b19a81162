import { expect, it } from 'vitest';
import { member, openSite, read, topic, useSite, visit, vote } from '../site.js';

const site = useSite({ contact: 'help@thinga.example' });

it('links to privacy and accessibility from every page', async () => {
  for (const path of ['/', '/login', '/nowhere']) {
    const page = read((await visit(site).get(path)).text);
    const links = page('footer a')
      .map((_index, link) => page(link).attr('href'))
      .get();
    expect(links).toContain('/privacy');
    expect(links).toContain('/accessibility');
  }
});

it('names the contact from the settings, as a link', async () => {
  for (const path of ['/privacy', '/accessibility']) {
    const page = read((await visit(site).get(path).expect(200)).text);
    expect(page('main a[href="mailto:help@thinga.example"]').text()).toBe('help@thinga.example');
  }
  const withPage = await openSite({ contact: 'https://thinga.example/contact' });
  const page = read((await visit(withPage).get('/privacy').expect(200)).text);
  expect(page('main a[href="https://thinga.example/contact"]')).toHaveLength(1);
  await withPage.close();
});

it('names no contact without the setting', async () => {
  const silent = await openSite();
  for (const path of ['/privacy', '/accessibility']) {
    const page = read((await visit(silent).get(path).expect(200)).text);
    expect(page('main').text()).toContain('have not said here how to reach them');
    expect(page('main a[href^=mailto]')).toHaveLength(0);
  }
  await silent.close();
});

it('leads guests to the button that deletes their votes, as the privacy page says', async () => {
  await topic(site);
  const guest = visit(site);
  await vote(guest);
  const privacy = read((await guest.get('/privacy').expect(200)).text);
  const link = String(privacy('#delete + p a').attr('href'));
  const page = read((await guest.get(link).expect(200)).text);
  const button = page('main button').filter((_index, one) => page(one).text() === 'Delete my votes');
  expect(privacy('#delete + p').text()).toContain(button.text());
  await guest.post(String(button.closest('form').attr('action'))).expect(303);
  expect(await site.db.selectFrom('votes').selectAll().execute()).toEqual([]);
  expect(await site.db.selectFrom('voters').where('kind', '=', 'guest').selectAll().execute()).toEqual([]);
});

it('has only the cookies that the privacy page names', async () => {
  const { browser, username, password } = await member(site);
  const guest = visit(site);
  await vote(guest);
  await browser.post('/logout').expect(303);
  await guest.post('/login').type('form').send({ username, password }).expect(303);
  const privacy = read((await visit(site).get('/privacy')).text);
  const named = privacy('dt code')
    .map((_index, code) => privacy(code).text())
    .get();
  const set = [...new Set([...cookiesOf(browser), ...cookiesOf(guest)])];
  expect(set.length).toBeGreaterThan(2);
  for (const name of set) expect(named).toContain(name);
});

const cookiesOf = ({ jar }: ReturnType<typeof visit>): string[] =>
  jar
    .getCookies({ path: '/', domain: '127.0.0.1', secure: false, script: false })
    .map(({ name }: { name: string }) => name);
