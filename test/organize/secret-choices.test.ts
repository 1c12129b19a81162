import { expect, it } from 'vitest';
import type { TopicAccess } from '../../src/schema.js';
import { admin } from '../admin/admins.js';
import { type Browser, member, pairOn, read, useSite, visit } from '../site.js';
import { invited, type MadeTopic, makeTopic, memberWith, reload, setThings } from './topics.js';

const site = useSite();

/** Votes for one of the two things of a topic, with a note. */
async function voteFor(browser: Browser, { path }: MadeTopic, name: string): Promise<void> {
  const { ballot, left } = pairOn((await browser.get(`${path}/vote`).expect(200)).text);
  const form = { ballot, choice: left === name ? 'left' : 'right', note: 'Nice' };
  await browser.post(`${path}/vote`).type('form').send(form).expect(303);
}

/** What a page says, without what differs between two topics and two moments. */
async function textOf(browser: Browser, path: string): Promise<string> {
  const { status, text } = await browser.get(path);
  const $ = read(text);
  const shown = $('main').length > 0 ? $('main').text() : text;
  const neutral = shown
    .replace(/\s+/g, ' ')
    .replace(/person\d+/g, 'someone')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|\d{2}:\d{2}/g, 'then')
    .replace(/(\/things\/|"id":\s*)\d+/g, '$1ID')
    .replace(/(topics\/|"topic":")[\w-]+/g, '$1SLUG')
    .replace(/\/join\/[\w-]+/g, '/join/TOKEN')
    // Chances are drawn from random numbers of the topic.
    .replace(/\d\.\d{4,}|\d+ %/g, 'CHANCE')
    .replace(/[BCDFGHJKLMNPQRSTVWXZ\d]{4} [BCDFGHJKLMNPQRSTVWXZ\d]{4}/g, 'CODE')
    .replace(/in \d+ (hours|minutes)/g, 'soon');
  // The order of notes is that of random numbers.
  const words = path.includes('/notes') ? neutral.split(' ').sort().join(' ') : neutral;
  return `${path.replace(/topics\/[^/]+|people\/\d+/, '')} ${status} ${words}`;
}

/** Pages behind the scenes, for those who run a topic. */
const MANAGE_PAGES = [
  ...['', '/judges', '/results', '/results.csv', '/results.json', '/notes', '/notes.csv'],
  ...['/voters', '/activity', '/people', '/things'],
];

/** Pages for the voters and the room. */
const PAGES = ['/top', '/ranking', '/screen', '/screen/reveal', '/notes', '/embed', '/data.json'];

/** Everything that others see of a topic in which Mina votes for one thing, and Ben for the other. */
async function readAll(access: TopicAccess, minas: 1 | 2): Promise<string[]> {
  const topic = await makeTopic(site, { access, things: 2, title: 'Same' });
  await site.db.updateTable('topics').set({ notes: 'teams' }).where('id', '=', topic.id).execute();
  await setThings(site, { id: topic.id, title: 'Same' }, { 1: { team: 'Blue' } });
  const [mina, ben] = [await member(site), await member(site)];
  await invited(site, topic, { line: 'Mina', browser: mina.browser });
  await invited(site, topic, { line: 'Ben', browser: ben.browser });
  const noa = await invited(site, topic, { line: 'Noa, Blue' });
  await voteFor(mina.browser, topic, `Same Thing ${minas}`);
  await voteFor(ben.browser, topic, `Same Thing ${3 - minas}`);
  // All votes are fitted at once, so that their order does not matter.
  await reload(site);
  await site.rank();
  const [organiser, viewer, boss] = [
    await memberWith(site, topic, 'organiser'),
    await memberWith(site, topic, 'viewer'),
    await admin(site),
  ];
  const manage = `${topic.path}/manage`;
  const judge = read((await topic.owner.browser.get(`${manage}/judges`)).text)('.judges button').attr('name');
  const readPages = async (): Promise<string[]> => {
    const texts: string[] = [];
    for (const { browser } of [topic.owner, organiser, viewer])
      for (const page of [...MANAGE_PAGES, `/judges/without?${judge}=1`])
        texts.push((await textOf(browser, `${manage}${page}`)).replace(/judge-[\w-]+/, ''));
    for (const browser of [topic.owner.browser, noa.browser, visit(site)])
      for (const page of PAGES) texts.push(await textOf(browser, `${topic.path}${page}`));
    for (const { id } of [mina, ben]) texts.push(await textOf(boss.browser, `/admin/people/${id}`));
    return texts;
  };
  const open = await readPages();
  await topic.owner.browser.post(`${manage}/close`).expect(303);
  await site.rank();
  return [...open, ...(await readPages())];
}

it.each(['link', 'invited'] as TopicAccess[])(
  'shows the same when two voters swap what they chose (%s)',
  async (access) => {
    const [one, other] = [await readAll(access, 1), await readAll(access, 2)];
    // The pages are there, and the notes among them.
    expect(one.filter((text) => text.includes(' 200 ')).length).toBeGreaterThan(one.length / 2);
    expect(one.some((text) => text.startsWith('//notes 200') && text.includes('Nice'))).toBe(true);
    expect(other).toEqual(one);
  },
);
