import { expect, it } from 'vitest';
import { makeTopic } from '../../organize/made-topic.js';
import { importVotesOf, read, topic, useSite, visit } from '../../site.js';

const site = useSite();

const settings = {
  title: 'Lunch',
  question: 'Which one?',
  goal: 'top',
  top: '3',
  results: 'always',
  zone: 'UTC',
};

it('shows the ranking in frames of exactly the sites that the organisers name', async () => {
  const { browser, manage, slug } = await makeTopic(site);
  await browser.post(`${manage}/open`).expect(303);
  await importVotesOf(site, 12, { slug, names: ['Pie', 'Tea'] });
  const path = `/topics/${slug}/embed`;
  const before = await visit(site).get(path).expect(200);
  expect(before.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(before.headers['x-frame-options']).toBe('DENY');

  const origins = 'https://example.org\nhttps://school.example:8443';
  await browser
    .post(`${manage}/settings`)
    .type('form')
    .send({ ...settings, access: 'link', origins })
    .expect(303);
  const { headers, text } = await visit(site).get(path).expect(200);
  expect(headers['content-security-policy']).toMatch(
    /;frame-ancestors https:\/\/example\.org https:\/\/school\.example:8443(;|$)/,
  );
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['x-frame-options']).toBe(undefined);
  const $ = read(text);
  expect(
    $('.embedded .name')
      .toArray()
      .map((name) => $(name).text()),
  ).toEqual(['Pie', 'Jam', 'Tea']);
  expect(
    $('.embedded .rank')
      .toArray()
      .map((rank) => $(rank).text()),
  ).toEqual(['1', '2', '3']);
  expect($('script, form')).toHaveLength(0);

  for (const other of [
    `/topics/${slug}/top`,
    `/topics/${slug}/vote`,
    manage,
    `${manage}/results`,
    '/nowhere',
  ]) {
    const { headers } = await browser.get(other);
    expect([other, headers['x-frame-options']]).toEqual([other, 'DENY']);
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  }
  expect(read((await browser.get(`${manage}/results`)).text)('#frame').val()).toContain(`${path}"`);
});

it('shows nothing in a frame that a visitor would not see', async () => {
  const { browser, manage, slug } = await makeTopic(site);
  const path = `/topics/${slug}/embed`;
  await visit(site).get(path).expect(404);
  const form = { ...settings, access: 'link', results: 'after closing' };
  await browser.post(`${manage}/settings`).type('form').send(form).expect(303);
  await browser.post(`${manage}/open`).expect(303);
  await importVotesOf(site, 12, { slug, names: ['Pie', 'Tea'] });
  const hidden = read((await visit(site).get(path).expect(200)).text);
  expect(hidden('main').text()).toContain('appears when voting ends');
  expect(hidden('.embedded')).toHaveLength(0);
  await browser
    .post(`${manage}/settings`)
    .type('form')
    .send({ ...form, access: 'invited' })
    .expect(303);
  await visit(site).get(path).expect(404);
  await visit(site).get('/topics/nowhere/embed').expect(404);
});

it('is there for topics of operators too', async () => {
  const { slug } = await topic(site, { slug: 'plain' });
  const $ = read((await visit(site).get(`/topics/${slug}/embed`).expect(200)).text);
  expect($('main').text()).toContain('No votes yet');
});
