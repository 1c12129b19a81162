import { expect, it, vi } from 'vitest';
import { invited, type MadeTopic, makeTopic, setThings } from '../organize/topics.js';
import { type Browser, HTMX, pairOn, read, useSite, visit, vote, votesOf } from '../site.js';

const site = useSite();

/** Makes a topic in which voters walk. The tables of its things have their numbers. */
async function makeWalk(options: Parameters<typeof makeTopic>[1] = {}): Promise<MadeTopic> {
  const topic = await makeTopic(site, { access: 'link', ...options });
  await site.db.updateTable('topics').set({ inPerson: true }).where('id', '=', topic.id).execute();
  const numbers = Array.from({ length: options.things ?? 6 }, (_, index) => index + 1);
  await setThings(
    site,
    topic,
    Object.fromEntries(numbers.map((number) => [number, { location: `${number}` }])),
  );
  return topic;
}

interface Stop {
  ballot: string;
  left: string;
  right: string;
  /** Where the page sends the voter. */
  stops: string[];
}

function stopOn(html: string): Stop {
  const $ = read(html);
  const stops = $('#pair .stop')
    .toArray()
    .map((stop) => $(stop).text().trim());
  return { ...pairOn(html), stops };
}

const look = async (browser: Browser, { path }: MadeTopic): Promise<Stop> =>
  stopOn((await browser.get(`${path}/vote`).expect(200)).text);

const answer = (browser: Browser, { path }: MadeTopic, form: { ballot: string; choice: string }) =>
  browser.post(`${path}/vote`).type('form').send({ ballot: form.ballot, choice: form.choice });

const tableOf = (name: string): string => `Go to table ${name.split(' ').at(-1)}: ${name}`;

it('keeps one of the two just seen, and says where the other one stands', async () => {
  const topic = await makeWalk({ things: 8 });
  const { browser } = await invited(site, topic, { line: 'Mina' });
  let before = await look(browser, topic);
  expect(before.stops).toEqual([tableOf(before.left), tableOf(before.right)]);
  for (const choice of ['left', 'right', 'tie', 'skip', 'left', 'right']) {
    await answer(browser, topic, { ...before, choice: choice }).expect(303);
    const next = await look(browser, topic);
    const added = [next.left, next.right].filter((name) => ![before.left, before.right].includes(name));
    expect(added).toHaveLength(1);
    expect(next.stops).toEqual(added.map(tableOf));
    before = next;
  }
});

it('names a place that is no number as it is, and a thing without a place by its name', async () => {
  const topic = await makeWalk({ things: 2 });
  await setThings(site, topic, { 1: { location: 'Room B, left' }, 2: { location: null } });
  const { stops } = await look((await invited(site, topic, { line: 'Mina' })).browser, topic);
  expect(stops.sort()).toEqual(['Go to Lunch Thing 2', 'Go to Room B, left: Lunch Thing 1']);
});

it('leaves a thing aside where nobody is, without a vote or a skip, and brings it back later', async () => {
  const topic = await makeWalk({ things: 4 });
  const { browser, voterId } = await invited(site, topic, { line: 'Mina' });
  await vote(browser, 'left', `${topic.path}/vote`);
  const { text } = await browser.get(`${topic.path}/vote`);
  const before = stopOn(text);
  const [away = ''] = before.stops;
  const side = away === tableOf(before.left) ? 'left' : 'right';
  const other = side === 'left' ? 'right' : 'left';
  const $ = read(text);
  expect($(`#away-${side}`).text()).toContain('They’re not here now');
  // The voter is at the other one, and everybody knows what they have seen.
  expect($(`#away-${other}, [id^=unknown]`)).toHaveLength(0);

  const { headers } = await answer(browser, topic, { ...before, choice: `away-${side}` }).expect(303);
  const page = (await browser.get(String(headers.location)).expect(200)).text;
  expect(page).toContain('again in about ten minutes');
  const after = stopOn(page);
  expect([after.left, after.right]).toContain(before[other]);
  expect([after.left, after.right]).not.toContain(before[side]);
  expect(await votesOf(site, voterId)).toHaveLength(1);

  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 });
  try {
    await answer(browser, topic, { ...after, choice: 'left' }).expect(303);
    const back = await look(browser, topic);
    expect([back.left, back.right]).toContain(before[side]);
  } finally {
    vi.useRealTimers();
  }
});

it('answers htmx with the next stop, and takes the first press of a new guest', async () => {
  const topic = await makeWalk({ things: 5 });
  const guest = visit(site);
  const first = await look(guest, topic);
  const { text } = await answer(guest, topic, { ...first, choice: 'away-left' })
    .set(HTMX)
    .expect(200);
  const next = stopOn(`<div>${text}</div>`);
  expect([next.left, next.right]).toContain(first.right);
  expect([next.left, next.right]).not.toContain(first.left);
  await answer(guest, topic, { ...next, choice: 'right' }).expect(303);
});

it('shows what is left aside when there is nothing else', async () => {
  const topic = await makeWalk({ things: 2 });
  const { browser } = await invited(site, topic, { line: 'Mina' });
  const before = await look(browser, topic);
  await answer(browser, topic, { ...before, choice: 'away-left' }).expect(303);
  expect((await look(browser, topic)).ballot).not.toBe('');
});

it('undoes a vote, and goes on to the same stop', async () => {
  const topic = await makeWalk({ things: 8 });
  const { browser } = await invited(site, topic, { line: 'Mina' });
  await vote(browser, 'left', `${topic.path}/vote`);
  const first = await look(browser, topic);
  await answer(browser, topic, { ...first, choice: 'left' }).expect(303);
  const second = await look(browser, topic);
  await browser.post('/vote/undo').expect(303);
  const again = await look(browser, topic);
  expect([again.left, again.right]).toEqual([first.left, first.right]);
  expect(again.stops).toEqual([]);
  await answer(browser, topic, { ...again, choice: 'right' }).expect(303);
  const after = await look(browser, topic);
  expect([after.left, after.right]).toEqual([second.left, second.right]);
});

it('sends voters to different things', async () => {
  const topic = await makeWalk({ things: 12 });
  const judges = await Promise.all(
    ['Ada', 'Ben', 'Cai', 'Dov', 'Eve', 'Fay'].map((line) => invited(site, topic, { line })),
  );
  const sent: string[] = [];
  for (const { browser } of judges) sent.push(...(await look(browser, topic)).stops);
  expect(new Set(sent).size).toBe(12);
});

it('has every thing seen so often before the goal decides', async () => {
  const topic = await makeWalk({ things: 9 });
  await site.db.updateTable('topics').set({ goal: 'winner', visits: 2 }).where('id', '=', topic.id).execute();
  await setThings(site, topic, {});
  const { browser } = await invited(site, topic, { line: 'Mina' });
  const other = await invited(site, topic, { line: 'Ben' });
  for (let votes = 0; votes < 20; votes++) {
    await vote(votes % 2 ? browser : other.browser, 'left', `${topic.path}/vote`);
    await site.rank();
  }
  const counts = site.boards
    .byTopic(topic.id)
    ?.standings.map(({ wins, losses, ties }) => wins + losses + ties);
  expect(Math.min(...(counts ?? [0]))).toBeGreaterThanOrEqual(3);
});

it('is set by organisers, for topics that are not public', async () => {
  const topic = await makeTopic(site);
  const settings = `${topic.path}/manage/settings`;
  const { browser } = topic.owner;
  const form = {
    ...{ title: 'Lunch', question: 'Which one?', goal: 'top', top: '3', results: 'always', zone: 'UTC' },
    ...{
      opens: '',
      closes: '',
      'votes-each': '',
      origins: '',
      access: 'link',
      'in-person': '1',
      visits: '0',
    },
  };
  const wrong = read((await browser.post(settings).type('form').send(form).expect(422)).text);
  expect(wrong('#visits-error').text()).toBe('Write a whole number from 1 to 20.');
  expect(wrong('[name=in-person]').attr('checked')).toBeDefined();
  const open = { ...form, visits: '4', access: 'public' };
  const refused = read((await browser.post(settings).type('form').send(open).expect(422)).text);
  expect(refused('#in-person-error').text()).toContain('A public topic has voters everywhere');
  await browser
    .post(settings)
    .type('form')
    .send({ ...form, visits: '4' })
    .expect(303);
  const saved = read((await browser.get(settings)).text);
  expect(saved('[name=visits]').val()).toBe('4');
  expect(site.boards.byTopic(topic.id)?.topic).toMatchObject({ inPerson: true, visits: 4 });
});
