import { beforeAll, expect, it } from 'vitest';
import { member, read, topic, useSite, visit, vote } from '../../site.js';

// Only production caches templates and prerendered pages.
const site = useSite({ production: true });

beforeAll(() => topic(site, { names: ['Ramen', 'Sushi', 'Pizza', 'Salad'] }));

it('shows everyone the current Top 20, and a logged-in user their own name', async () => {
  const visitor = visit(site);
  const before = await visitor.get('/top').expect(200);
  expect(read(before.text)('.first-vote').text()).toContain('Nobody has voted here yet');
  const { browser, username } = await member(site);
  const { left } = await vote(browser);
  await site.rank();
  expect(read((await browser.get('/top')).text)('.who').text()).toBe(username);
  for (const path of ['/top', '/topics/foods/top']) {
    const $ = read((await visitor.get(path).expect(200)).text);
    expect($('.lead').text()).toContain('Based on 1 vote');
    expect($('.board .name').first().text()).toBe(left);
    expect($('.who')).toHaveLength(0);
    expect($('nav [aria-current=page]').text().trim()).toBe(path === '/top' ? 'Ranking' : '');
  }
});

it('sends the same page in every encoding, and 304 to a browser that has it', async () => {
  const visitor = visit(site);
  const plain = await visitor.get('/top').set('Accept-Encoding', 'identity').expect(200);
  expect(plain.headers['content-encoding']).toBeUndefined();
  const encodings = { gzip: 'gzip', br: 'br', 'gzip, deflate, br, zstd': 'br' };
  for (const [accepted, encoding] of Object.entries(encodings)) {
    const { text, headers } = await visitor.get('/top').set('Accept-Encoding', accepted).expect(200);
    expect(headers['content-encoding']).toBe(encoding);
    expect(headers.vary).toContain('Accept-Encoding');
    expect(text).toBe(plain.text);
  }
  const { etag } = plain.headers;
  await visitor.get('/top').set('If-None-Match', String(etag)).expect(304);
});
