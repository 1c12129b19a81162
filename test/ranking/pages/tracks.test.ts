import { expect, it } from 'vitest';
import { invited, makeTopic, setThings } from '../../organize/topics.js';
import { HTMX, pairOn, read, useSite, visit, vote } from '../../site.js';

const site = useSite();

/** A topic of six things; the even ones have the tag AI, and one of them another, too. */
async function makeTracks(options: Parameters<typeof makeTopic>[1] = {}) {
  const topic = await makeTopic(site, options);
  const tags = {
    2: { tags: ['AI'] },
    4: { tags: ['AI', 'A & B'] },
    6: { tags: ['AI'] },
    3: { tags: ['A & B'] },
  };
  await setThings(site, topic, tags);
  return topic;
}

const namesOn = (html: string): string[] => {
  const $ = read(html);
  return $('.board .name')
    .toArray()
    .map((name) => $(name).text());
};

const low = ({ left, right }: { left: string; right: string }) => (left < right ? 'left' : 'right');

it('ranks the things with a tag by themselves, and links the tags', async () => {
  const topic = await makeTracks();
  const voter = visit(site);
  for (let votes = 0; votes < 15; votes++) await vote(voter, low, `${topic.path}/vote`);
  await site.rank();
  const whole = (await visit(site).get(`${topic.path}/top`).expect(200)).text;
  expect(namesOn(whole)).toHaveLength(6);
  const links = read(whole)('nav[aria-label=Tracks] a');
  expect(links.toArray().map((link) => read(whole)(link).text().trim())).toEqual(['All', 'A & B', 'AI']);
  const address = String(links.last().attr('href'));
  expect(address).toBe(`${topic.path}/top?tag=AI`);
  const { text } = await visit(site).get(address).expect(200);
  expect(namesOn(text)).toEqual(['Lunch Thing 2', 'Lunch Thing 4', 'Lunch Thing 6']);
  const $ = read(text);
  expect(
    $('tbody .rank')
      .toArray()
      .map((rank) => Number.parseInt($(rank).text(), 10)),
  ).toEqual([1, 2, 3]);
  expect($('h1').text()).toBe('Winner of AI: Lunch');
  expect($('nav[aria-label=Tracks] [aria-current=page]').text()).toBe('AI');
  // The plain page still shows everything, and a part is asked for by its own address.
  expect(namesOn((await visit(site).get(`${topic.path}/top`)).text)).toHaveLength(6);
  const poll = await visit(site)
    .get(String($('#board').attr('hx-get')))
    .set(HTMX)
    .expect(200);
  expect(namesOn(poll.text)).toHaveLength(3);
  const again = visit(site).get(address).set(HTMX).set('If-None-Match', String(poll.headers.etag));
  await again.expect(304);
});

it('has a track in the full ranking, the search, the API, the frame and the exports', async () => {
  const topic = await makeTracks();
  const voter = visit(site);
  for (let votes = 0; votes < 3; votes++) await vote(voter, low, `${topic.path}/vote`);
  await site.rank();
  const { browser } = topic.owner;
  const tag = 'tag=A%20%26%20B';
  const names = ['Lunch Thing 3', 'Lunch Thing 4'];
  expect(namesOn((await visit(site).get(`${topic.path}/ranking?${tag}`)).text).sort()).toEqual(names);
  expect(namesOn((await visit(site).get(`${topic.path}/ranking?${tag}&q=3`)).text)).toEqual([
    'Lunch Thing 3',
  ]);
  const { body } = await visit(site).get(`/api/topics/${topic.slug}/top?${tag}`).expect(200);
  expect(body).toMatchObject({ tag: 'A & B', goal: 'winner' });
  expect(body.top.map(({ rank }: { rank: number }) => rank)).toEqual([1, 2]);
  const csv = (await browser.get(`${topic.path}/manage/results.csv?${tag}`).expect(200)).text;
  expect(csv.trim().split('\n')).toHaveLength(3);
  const json = await browser.get(`${topic.path}/manage/results.json?${tag}`).expect(200);
  expect(json.body.top).toHaveLength(2);
  const results = (await browser.get(`${topic.path}/manage/results?${tag}`).expect(200)).text;
  expect(read(results)('tbody th')).toHaveLength(2);
  expect(read((await visit(site).get(`${topic.path}/embed?${tag}`)).text)('.embedded li')).toHaveLength(2);
});

it('has no track of a tag that fewer than two things have', async () => {
  const topic = await makeTracks();
  await setThings(site, topic, { 5: { tags: ['Alone'] } });
  for (const path of ['top', 'ranking', 'embed'])
    await visit(site).get(`${topic.path}/${path}?tag=Alone`).expect(404);
  await visit(site).get(`/api/topics/${topic.slug}/top?tag=none`).expect(404);
  const $ = read((await visit(site).get(`${topic.path}/top`)).text);
  expect($('nav[aria-label=Tracks]').text()).not.toContain('Alone');
});

it('shows a voter who is invited to a track only its things', async () => {
  const topic = await makeTracks({ access: 'invited' });
  const { browser } = await invited(site, topic, { line: 'Mina', track: 'AI' });
  const seen = new Set<string>();
  for (let votes = 0; votes < 3; votes++) {
    const { left, right } = await vote(browser, 'left', `${topic.path}/vote`);
    seen.add(left).add(right);
  }
  expect([...seen].sort()).toEqual(['Lunch Thing 2', 'Lunch Thing 4', 'Lunch Thing 6']);
  const other = site.boards.byTopic(topic.id)?.standings.find(({ name }) => name === 'Lunch Thing 1');
  const asked = (await browser.get(`${topic.path}/vote?with=${other?.id}`).expect(200)).text;
  expect(asked).toContain('You’ve voted on every pair');
  expect((await topic.owner.browser.get(`${topic.path}/manage/voters`)).text).toContain('only <bdi>AI</bdi>');
});

it('follows a change of the track while a pair is shown, and refuses a tag that nothing has', async () => {
  const topic = await makeTracks({ access: 'invited' });
  const { browser, voterId } = await invited(site, topic, { line: 'Mina', track: 'AI' });
  await vote(browser, 'left', `${topic.path}/vote`);
  await site.db.updateTable('invitations').set({ track: 'A & B' }).where('voterId', '=', voterId).execute();
  await site.boards.refresh();
  const { left, right } = pairOn((await browser.get(`${topic.path}/vote`)).text);
  expect([left, right].sort()).toEqual(['Lunch Thing 3', 'Lunch Thing 4']);
  const form = { names: 'Ben', track: 'None' };
  const voters = topic.owner.browser.post(`${topic.path}/manage/voters`).type('form');
  const wrong = read((await voters.send(form).expect(422)).text);
  expect(wrong('#names-error').text()).toContain('Choose another track');
  expect(wrong('#names').text().trim()).toBe('Ben');
});
