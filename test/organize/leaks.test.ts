import { expect, it } from 'vitest';
import type { TopicAccess, TopicResults } from '../../src/schema.js';
import {
  type Browser,
  HTMX,
  importVotesOf,
  member,
  openSite,
  pairOn,
  read,
  useSite,
  visit,
  vote,
} from '../site.js';
import { guestVotes, type MadeTopic, makeTopic, memberWith, reload } from './topics.js';

const site = useSite();

const setTopic = async (
  { id }: MadeTopic,
  set: { access?: TopicAccess; results?: TopicResults; phase?: 'closed'; votesEach?: number },
): Promise<void> => {
  await site.db.updateTable('topics').set(set).where('id', '=', id).execute();
  await site.boards.refresh();
};

const thingsOf = ({ id }: MadeTopic) =>
  site.db.selectFrom('things').where('topicId', '=', id).select(['id', 'name']).execute();

it.each(['draft', 'link', 'invited'] as const)(
  'tells of a topic (%s) only below its address',
  async (kind) => {
    const title = `Zebras ${kind}`;
    const topic = await makeTopic(site, {
      ...{ title, access: kind === 'draft' ? 'public' : kind, phase: kind === 'draft' ? 'draft' : 'open' },
    });
    const [thing] = await thingsOf(topic);
    const stranger = await member(site);
    for (const browser of [visit(site), stranger.browser])
      for (const path of [
        '/',
        '/topics',
        '/how',
        '/ranking?q=zebras',
        '/profile',
        '/api/topics',
        '/api/top',
      ]) {
        const { text } = await browser.get(path);
        expect([path, text]).toEqual([path, expect.not.stringContaining(title)]);
        expect([path, text]).toEqual([path, expect.not.stringContaining(topic.slug)]);
      }
    await visit(site).get(`/things/${thing?.id}`).expect(404);
    await topic.owner.browser.get(`/things/${thing?.id}`).expect(kind === 'draft' ? 200 : 404);
    if (kind === 'link') return;
    for (const path of ['/vote', '/top', '/ranking', '/data.json', `/things/${thing?.id}`])
      await stranger.browser.get(`${topic.path}${path}`).expect(404);
    await stranger.browser.get(`/api${topic.path}/top`).expect(404);
    await stranger.browser.get(`/profile${topic.path}/top`).expect(404);
    await stranger.browser
      .post(`/profile${topic.path}/share`)
      .type('form')
      .send({ size: '3', name: 'mine' })
      .expect(404);
  },
);

it('shows the things of a topic by link below its address, and links to them', async () => {
  const topic = await makeTopic(site, { title: 'Owls' });
  const [thing] = await thingsOf(topic);
  await guestVotes(site, topic, 3);
  await site.rank();
  const page = `${topic.path}/things/${thing?.id}`;
  const { text, headers } = await visit(site).get(page).expect(200);
  expect(headers['x-robots-tag']).toBe('noindex');
  expect(read(text)('h1').text()).toBe('Owls Thing 1');
  const top = read((await visit(site).get(`${topic.path}/top`).expect(200)).text);
  const links = top('.board a.name')
    .map((_, link) => top(link).attr('href') ?? '')
    .get();
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((link) => !link.startsWith(`${topic.path}/things/`))).toEqual([]);
  const { body } = await visit(site).get(`/api${topic.path}/top`).expect(200);
  expect(body.top[0].url).toContain(`${topic.path}/things/`);
});

it('turns shared lists off when their topic is no longer public', async () => {
  const topic = await makeTopic(site, { access: 'public', title: 'Herons', things: 6 });
  const { browser } = await member(site);
  for (let pair = 0; pair < 15; pair++) {
    const shown = pairOn((await browser.get(`${topic.path}/vote`)).text);
    if (shown.ballot)
      await browser.post(`${topic.path}/vote`).type('form').send({ ballot: shown.ballot, choice: 'left' });
  }
  const share = () =>
    browser.post(`/profile${topic.path}/share`).type('form').send({ size: '3', name: 'mine' });
  const { headers } = await share().expect(303);
  const link = String(headers.location).replace('/profile/links?new=', '/shared/');
  await visit(site).get(link).expect(200);
  await setTopic(topic, { access: 'link' });
  await share().expect(422);
  for (const path of [link, `${link}.png`]) {
    const { text } = await visit(site).get(path).expect(410);
    expect(text ?? '').not.toContain('Herons');
  }
  expect(read((await browser.get(`/profile${topic.path}/top`).expect(200)).text)('#share')).toHaveLength(0);
});

/** The addresses of a ranking, without the pages of things. */
const pagesOf = ({ path }: MadeTopic): string[] => [
  `${path}/top`,
  `${path}/ranking`,
  `${path}/ranking?q=thing`,
];

async function expectHidden(browser: Browser, topic: MadeTopic): Promise<void> {
  for (const path of pagesOf(topic)) {
    const $ = read((await browser.get(path).expect(200)).text);
    expect([path, $('h2').first().text()]).toEqual([path, 'The ranking comes later']);
    expect($(`a[href="${topic.path}/vote"]`).length).toBeGreaterThan(0);
    expect($('.board, .rank')).toHaveLength(0);
  }
  expect((await browser.get(`/api${topic.path}/top`).expect(403)).body.detail).toContain('not shown yet');
  await browser.get(`${topic.path}/data.json`).expect(403);
}

async function expectShown(browser: Browser, topic: MadeTopic): Promise<void> {
  for (const path of pagesOf(topic))
    expect(read((await browser.get(path).expect(200)).text)('.board')).not.toHaveLength(0);
  await browser.get(`/api${topic.path}/top`).expect(200);
}

it.each(['public', 'link'] as const)(
  'hides the ranking of a %s topic until it has closed',
  async (access) => {
    const topic = await makeTopic(site, { access, results: 'after closing', title: `Eagles ${access}` });
    const viewer = await memberWith(site, topic, 'viewer');
    const voter = await member(site);
    await vote(voter.browser, 'left', `${topic.path}/vote`);
    await guestVotes(site, topic, 3);
    await site.rank();
    for (const { browser } of [{ browser: visit(site) }, voter]) await expectHidden(browser, topic);
    for (const { browser } of [viewer, topic.owner]) await expectShown(browser, topic);
    const [thing] = await thingsOf(topic);
    const page = access === 'public' ? `/things/${thing?.id}` : `${topic.path}/things/${thing?.id}`;
    expect((await visit(site).get(page).expect(200)).text).toContain('The ranking comes later');
    expect(read((await visit(site).get('/topics')).text)('.leaders').text()).not.toContain(
      `Eagles ${access}`,
    );
    expect((await visit(site).get('/how')).text).not.toContain(`Eagles ${access}`);
    await setTopic(topic, { phase: 'closed' });
    await site.rank();
    await expectShown(visit(site), topic);
  },
);

it('shows the ranking after as many votes as are asked for', async () => {
  const topic = await makeTopic(site, { results: 'after voting', title: 'Gulls' });
  await setTopic(topic, { votesEach: 3 });
  const [guest, { browser }] = [visit(site), await member(site)];
  for (const voter of [guest, browser]) {
    for (let votes = 0; votes < 3; votes++) {
      await expectHidden(voter, topic);
      await vote(voter, 'left', `${topic.path}/vote`);
    }
    await site.rank();
    await expectShown(voter, topic);
  }
  // Skips show nothing.
  const skipper = visit(site);
  for (let votes = 0; votes < 3; votes++) await vote(skipper, 'skip', `${topic.path}/vote`);
  await expectHidden(skipper, topic);
});

it('tells of no ranks and no agreement while the ranking is hidden', async () => {
  const topic = await makeTopic(site, { results: 'always', title: 'Swans', things: 2 });
  const [one, two] = (await thingsOf(topic)).map(({ name }) => name);
  await importVotesOf(site, 12, { slug: topic.slug, names: [one ?? '', two ?? ''] });
  const cast = async () => {
    const guest = visit(site);
    const { ballot } = pairOn((await guest.get(`${topic.path}/vote`)).text);
    const answer = await guest
      .post(`${topic.path}/vote`)
      .set(HTMX)
      .type('form')
      .send({ ballot, choice: 'left' });
    return read(answer.text)('.receipt').text();
  };
  expect(await cast()).toMatch(/others/);
  await setTopic(topic, { results: 'after closing' });
  const hidden = await cast();
  expect(hidden).toContain('Counted: you chose Swans');
  expect(hidden).not.toMatch(/others|agreed|moves up|\d(st|nd|rd|th)/);
});

it('makes the own list from the own votes alone while the ranking is hidden', async () => {
  const topic = await makeTopic(site, { results: 'always', title: 'Ducks', things: 5 });
  const { browser } = await member(site);
  for (let pair = 0; pair < 10; pair++)
    await vote(browser, ({ left, right }) => (left > right ? 'left' : 'right'), `${topic.path}/vote`);
  const names = (await thingsOf(topic)).map(({ name }) => name);
  await importVotesOf(site, 15, { slug: topic.slug, names });
  const own = async () => read((await browser.get(`/profile${topic.path}/top`).expect(200)).text);
  expect((await own())('.theirs').length).toBeGreaterThan(0);
  await setTopic(topic, { results: 'after closing' });
  const $ = await own();
  expect(
    $('.ranks .name')
      .map((_, name) => $(name).text())
      .get(),
  ).toEqual([...names].reverse());
  expect($('.theirs, .distance, #differ, #agree')).toHaveLength(0);
  expect($('main').text()).not.toContain('Everyone’s ranking');
  expect(read((await browser.get('/profile').expect(200)).text)('main').text()).not.toContain('Everyone’s');
});

it('makes no page for all visitors of what not all may see', async () => {
  const production = await openSite(
    { production: true, publicOrigin: 'https://thinga.example' },
    { storesOf: site },
  );
  try {
    const topic = await makeTopic(site, { access: 'public', title: 'Larks' });
    await guestVotes(site, topic, 2);
    const seen = async (path = `${topic.path}/top`) => {
      await production.boards.refresh();
      const { status } = await fetch(production.origin + path);
      return [status, await (await fetch(production.origin + path)).text()] as const;
    };
    expect((await seen())[0]).toBe(200);
    await setTopic(topic, { results: 'after closing' });
    expect((await seen())[1]).toContain('The ranking comes later');
    await setTopic(topic, { results: 'always', access: 'invited' });
    expect((await seen())[0]).toBe(404);
    await site.db
      .updateTable('topics')
      .set({ access: 'public', deletedAt: new Date() })
      .where('id', '=', topic.id)
      .execute();
    expect((await seen())[0]).toBe(404);
    await reload(site);
  } finally {
    await production.close();
  }
});
