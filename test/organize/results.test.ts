import { expect, it } from 'vitest';
import { importVotesOf, member, read, useSite, visit } from '../site.js';
import { makeTopic } from './made-topic.js';

const site = useSite();

it('shows the ranking with its figures, and gives it away as CSV and JSON', async () => {
  const made = await makeTopic(site);
  const { browser, manage, slug } = made;
  const empty = read((await browser.get(`${manage}/results`).expect(200)).text);
  expect(empty('main').text()).toContain('No votes yet');
  await browser.post(`${manage}/open`).expect(303);
  await importVotesOf(site, 12, { slug, names: ['Pie', 'Tea'] });
  await importVotesOf(site, 12, { slug, names: ['Tea', 'Jam'] });
  const $ = read((await browser.get(`${manage}/results`).expect(200)).text);
  expect(
    $('.plain-table tbody th')
      .toArray()
      .map((th) => $(th).text()),
  ).toEqual(['Pie', 'Tea', 'Jam']);
  expect($('.figures').text()).toMatch(/Votes\s*24/);

  const csv = await browser.get(`${manage}/results.csv`).expect(200).expect('Content-Type', /csv/);
  expect(csv.headers['content-disposition']).toContain(`${slug}.csv`);
  expect(csv.text.split('\n').slice(0, 2)).toEqual([
    expect.stringMatching(/^rank,name,score/),
    expect.stringMatching(/^1,Pie,/),
  ]);
  const { body } = await browser.get(`${manage}/results.json`).expect(200);
  expect(body).toMatchObject({
    topic: slug,
    votes: 24,
    goal: 'winner',
    top: [{ name: 'Pie' }, { name: 'Tea' }, { name: 'Jam' }],
  });
});

it('keeps the results from strangers', async () => {
  const { manage } = await makeTopic(site);
  const stranger = await member(site);
  for (const page of ['results', 'results.csv', 'results.json']) {
    await stranger.browser.get(`${manage}/${page}`).expect(404);
    await visit(site).get(`${manage}/${page}`).expect(303);
  }
});
