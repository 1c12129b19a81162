import { describe, expect, it } from 'vitest';
import { fromLocalTime, toLocalTime } from '../../src/organize/zoned-time.js';
import { member, pairOn, read, useSite, visit } from '../site.js';
import { eventsOf, flashOn, type MadeTopic, makeTopic } from './made-topic.js';

const site = useSite();

const storedOf = ({ id }: MadeTopic) =>
  site.db.selectFrom('topics').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

const LUNCH = {
  ...{ title: 'Lunch', question: 'Which one?', access: 'link', goal: 'top', top: '20', results: 'always' },
  ...{ opens: '', closes: '', zone: 'UTC', 'votes-each': '', origins: '' },
};

const save = ({ browser, manage }: MadeTopic, fields: Record<string, string>) =>
  browser
    .post(`${manage}/settings`)
    .type('form')
    .send({ ...LUNCH, ...fields });

describe('the overview', () => {
  it('opens a topic by one press, shows how far it is, and ends and reopens the voting', async () => {
    const made = await makeTopic(site);
    const { browser, manage, slug } = made;
    const draft = read((await browser.get(manage).expect(200)).text);
    expect(draft('[aria-current=step]').text()).toContain('Collect things');
    expect(draft('#goal').text()).toBe('Find the winner of 3');
    expect(draft('#link').val()).toBe(`${site.config.publicOrigin}/topics/${slug}/vote`);
    await visit(site).get(`/topics/${slug}/vote`).expect(404);

    await browser.post(`${manage}/open`).expect(303);
    expect(await flashOn(browser, manage)).toBe('Open. Send the link to your voters.');
    const voter = visit(site);
    const pair = pairOn((await voter.get(`/topics/${slug}/vote`).expect(200)).text);
    const vote = { ballot: pair.ballot, choice: 'left' };
    await voter.post(`/topics/${slug}/vote`).type('form').send(vote).expect(303);
    await site.rank();
    const open = read((await browser.get(manage)).text);
    expect(
      open('.facts dd')
        .toArray()
        .map((dd) => open(dd).text()),
    ).toEqual(['1', '1', '3']);
    expect(open('main').text()).toContain('is the best');

    await browser.post(`${manage}/close`).expect(303);
    expect(read((await browser.get(manage)).text)('[aria-current=step]').text()).toContain('Result');
    const late = { things: 'Cake', action: 'add' };
    const refused = await browser.post(`${manage}/things/new`).type('form').send(late).expect(422);
    expect(read(refused.text)('textarea[name=things]').val()).toBe('Cake');
    expect(refused.text).toContain('Voting is closed');
    await browser.post(`${manage}/reopen`).expect(303);
    expect((await storedOf(made)).phase).toBe('open');
    expect(await eventsOf(site, made)).toEqual(['created', 'things added', 'opened', 'closed', 'reopened']);
  });

  it('does not open a topic without two things, and lets a viewer only look', async () => {
    const made = await makeTopic(site, { things: 'Tea' });
    await made.browser.post(`${made.manage}/open`).expect(409);
    const viewer = await member(site);
    await site.db
      .insertInto('topicRoles')
      .values({ topicId: made.id, userId: viewer.id, role: 'viewer' })
      .execute();
    const $ = read((await viewer.browser.get(made.manage).expect(200)).text);
    expect($('form[action*="/manage"]')).toHaveLength(0);
    for (const act of ['open', 'close', 'reopen'])
      await viewer.browser.post(`${made.manage}/${act}`).expect(403);
    await viewer.browser.get(`${made.manage}/settings`).expect(403);
  });
});

describe('the settings', () => {
  it('change the topic, and record what changed', async () => {
    const made = await makeTopic(site);
    await save(made, {
      ...{
        title: 'Dinner',
        question: 'Which dinner?',
        goal: 'order',
        results: 'after closing',
        'votes-each': '20',
      },
      ...{ suggestions: '1', origins: 'https://Example.org/\nhttps://a.example:8443' },
    }).expect(303);
    expect(await storedOf(made)).toMatchObject({
      ...{
        title: 'Dinner',
        question: 'Which dinner?',
        goal: 'order',
        results: 'after closing',
        votesEach: 20,
      },
      ...{
        takesSuggestions: true,
        embedOrigins: ['https://example.org', 'https://a.example:8443'],
        slug: made.slug,
      },
    });
    const events = await site.db
      .selectFrom('topicEvents')
      .where('topicId', '=', made.id)
      .selectAll()
      .execute();
    expect(events.at(-1)).toMatchObject({
      kind: 'settings changed',
      details: { changed: 'results, votesEach, takesSuggestions, title, question, embedOrigins, goal' },
    });
    const $ = read((await made.browser.get(`${made.manage}/settings`)).text);
    expect($('[name=goal]:checked').val()).toBe('order');
    expect($('#origins').val()).toBe('https://example.org\nhttps://a.example:8443');
    expect(site.boards.get(made.slug)?.goal).toBe('order');
  });

  it('say beside each field what is wrong, and keep what was typed', async () => {
    const made = await makeTopic(site);
    const fields = {
      ...{ title: '', goal: 'top', top: '1', results: 'never', 'votes-each': '0', zone: 'Mars/Base' },
      origins: 'https://example.org/path',
    };
    const $ = read((await save(made, fields).expect(422)).text);
    const errors = ['title', 'top', 'votes-each', 'origins', 'zone'].map(
      (name) => $(`#${name}-error`).length,
    );
    expect(errors).toEqual([1, 1, 1, 1, 1]);
    expect($('.options .error').text()).toContain('Choose when voters see the ranking');
    expect($('#origins').val()).toBe('https://example.org/path');
    for (const origins of [
      'http://example.org',
      "https://a.example 'self'",
      '*',
      'https://*.example;',
      'javascript:x',
    ])
      await save(made, { origins }).expect(422);
    expect(await storedOf(made)).toMatchObject({ title: 'Lunch', embedOrigins: [] });
  });

  it('open and close a topic at times in the time zone of the organiser', async () => {
    const made = await makeTopic(site);
    const times = { zone: 'Europe/Berlin', opens: '2030-07-01T09:00', closes: '2030-12-01T18:30' };
    await save(made, times).expect(303);
    const stored = await storedOf(made);
    expect(stored.opensAt?.toISOString()).toBe('2030-07-01T07:00:00.000Z');
    expect(stored.closesAt?.toISOString()).toBe('2030-12-01T17:30:00.000Z');
    const $ = read((await made.browser.get(`${made.manage}/settings`)).text);
    expect([$('#opens').val(), $('#closes').val(), $('#zone').val()]).toEqual([
      ...[times.opens, times.closes, times.zone],
    ]);
    const before = read((await save(made, { ...times, closes: '2030-06-01T09:00' }).expect(422)).text);
    expect(before('#closes-error').text()).toContain('before it opens');
    const over = read((await save(made, { ...times, opens: '2020-01-01T09:00' }).expect(422)).text);
    expect(over('#opens-error').text()).toContain('is over');
    expect(await eventsOf(site, made)).toEqual(['created', 'things added', 'schedule changed']);
  });

  it('give a topic another link when it becomes public or no longer is', async () => {
    const made = await makeTopic(site);
    const { headers } = await save(made, { access: 'public' }).expect(303);
    const manage = String(headers.location).replace('/settings', '');
    expect(manage).toMatch(/^\/topics\/lunch-[a-z0-9]+\/manage$/);
    await made.browser.get(made.manage).expect(404);
    const back = await save({ ...made, manage }, { access: 'invited' }).expect(303);
    expect(String(back.headers.location)).toMatch(/^\/topics\/[a-z0-9]{10,17}\/manage/);
    expect(String(back.headers.location)).not.toContain(made.slug);
  });
});

it('turns times of a time zone into moments and back, also where the clocks change', () => {
  const moment = (text: string, zone: string) => fromLocalTime(text, zone)?.toISOString();
  expect(moment('2026-03-29T01:30', 'Europe/Berlin')).toBe('2026-03-29T00:30:00.000Z');
  expect(moment('2026-03-29T02:30', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
  expect(moment('2026-11-01T12:00', 'America/New_York')).toBe('2026-11-01T17:00:00.000Z');
  expect(moment('2026-06-01T12:00', 'Asia/Kathmandu')).toBe('2026-06-01T06:15:00.000Z');
  for (const text of ['', '2026-02-30T12:00', 'tomorrow', '2026-01-01T25:00'])
    expect(moment(text, 'UTC')).toBe(undefined);
  for (const zone of ['UTC', 'Europe/Berlin', 'Australia/Lord_Howe'])
    for (const text of ['2026-01-15T10:20', '2026-07-15T23:59'])
      expect(toLocalTime(fromLocalTime(text, zone) as Date, zone)).toBe(text);
});
