import { expect, it } from 'vitest';
import type { TopicAccess, TopicNotes } from '../../src/schema.js';
import { type Browser, HTMX, member, pairOn, read, useSite, visit, votesOf } from '../site.js';
import { type MadeTopic, makeTopic, memberWith, reload } from './topics.js';

const site = useSite();

/** Makes a topic whose voters may leave notes. */
async function makeNotedTopic(
  notes: TopicNotes = 'organisers',
  { access = 'link', things = 6 }: { access?: TopicAccess; things?: number } = {},
): Promise<MadeTopic> {
  const topic = await makeTopic(site, { access, things });
  await setTopic(topic, { notes });
  return topic;
}

async function setTopic({ id }: MadeTopic, set: { notes?: TopicNotes; phase?: 'closed' }): Promise<void> {
  await site.db.updateTable('topics').set(set).where('id', '=', id).execute();
  await reload(site);
}

/** Votes on the pair that is shown, with a note. */
async function noteOn(
  browser: Browser,
  { path }: MadeTopic,
  { note, choice = 'left' }: { note: string; choice?: string },
): Promise<{ ballot: string; left: string; right: string; text: string }> {
  const pair = pairOn((await browser.get(`${path}/vote`).expect(200)).text);
  const form = { ballot: pair.ballot, choice, note };
  const { text } = await browser.post(`${path}/vote`).set(HTMX).type('form').send(form).expect(200);
  return { ...pair, text };
}

const notesIn = (topic: MadeTopic) =>
  site.db.selectFrom('voteNotes').where('topicId', '=', topic.id).selectAll().execute();

const notesPage = async ({ owner, path }: MadeTopic) =>
  read((await owner.browser.get(`${path}/manage/notes`).expect(200)).text);

/** Invites somebody, who then joins. */
async function invite(topic: MadeTopic, line: string): Promise<Browser> {
  const { browser } = topic.owner;
  await browser.post(`${topic.path}/manage/voters`).type('form').send({ names: line }).expect(303);
  const $ = read((await browser.get(`${topic.path}/manage/voters`).expect(200)).text);
  const own = $('#links')
    .text()
    .split('\n')
    .find((text) => text.startsWith(`${line.split(',')[0]}\t`));
  const guest = visit(site);
  await guest.post(new URL(own?.split('\t')[1] ?? '').pathname).expect(303);
  return guest;
}

it('lets organisers ask for notes in the settings', async () => {
  const topic = await makeTopic(site);
  const { browser } = topic.owner;
  const field = async () => read((await browser.get(`${topic.path}/vote`).expect(200)).text)('#note');
  expect(await field()).toHaveLength(0);
  const form = { title: 'Lunch', question: 'Which?', access: 'link', goal: 'winner', results: 'always' };
  const settings = `${topic.path}/manage/settings`;
  await browser
    .post(settings)
    .type('form')
    .send({ ...form, zone: 'UTC', notes: 'teams' })
    .expect(303);
  const $ = read((await browser.get(settings).expect(200)).text);
  expect($('[name=notes]:checked').val()).toBe('teams');
  expect((await field()).attr('maxlength')).toBe('280');
  expect((await browser.get(`${topic.path}/manage/activity`)).text).toContain('notes');
});

it('keeps a note with its vote, says so, and shows it to the organisers by thing', async () => {
  const topic = await makeNotedTopic();
  const guest = visit(site);
  const { left, right, text } = await noteOn(guest, topic, { note: '  Crisp,\r\nand <b>warm</b>\0 ' });
  expect(read(`<div>${text}</div>`)('.receipt .line').text()).toContain('Your note is saved');
  expect(read(`<div>${text}</div>`)('#note').val()).toBe('');
  const $ = await notesPage(topic);
  expect($('.chips a').length).toBe(2);
  for (const [thing, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const link = $('.chips a').filter((_, a) => $(a).text().includes(thing));
    const page = read((await topic.owner.browser.get(`${topic.path}/manage/notes${link.attr('href')}`)).text);
    expect(page('#about').text()).toBe(thing);
    expect(page('.entries p').first().text()).toBe('Crisp, and <b>warm</b>');
    expect(page('.entries .note').text()).toContain(other);
  }
  const csv = await topic.owner.browser.get(`${topic.path}/manage/notes.csv`).expect(200);
  expect(csv.text.trim().split('\n')).toEqual([
    'thing,other,note,by,day',
    expect.stringMatching(/^Lunch Thing \d,Lunch Thing \d,"Crisp, and <b>warm<\/b>",,\d/),
  ]);
});

it('writes no note as a formula that a spreadsheet would run, for its organisers and its writer', async () => {
  const topic = await makeNotedTopic();
  const { browser } = await member(site);
  await noteOn(browser, topic, { note: '=1+1' });
  for (const [reader, path] of [
    [topic.owner.browser, `${topic.path}/manage/notes.csv`],
    [browser, '/profile/export?format=csv'],
  ] as const)
    expect((await reader.get(path).expect(200)).text).toMatch(/,'=1\+1[,\n]/);
});

it('says so without a script as well, also for a skip', async () => {
  const topic = await makeNotedTopic();
  const guest = visit(site);
  for (const choice of ['left', 'skip']) {
    const { ballot } = pairOn((await guest.get(`${topic.path}/vote`)).text);
    const form = { ballot, choice, note: 'Fine' };
    const { headers } = await guest.post(`${topic.path}/vote`).type('form').send(form).expect(303);
    const { text } = await guest.get(String(headers.location)).expect(200);
    expect(read(text)('.receipt .line').text()).toContain('Your note is saved');
  }
  expect(await notesIn(topic)).toHaveLength(2);
});

it('refuses a longer note with a message, and keeps the pair and what was typed', async () => {
  const topic = await makeNotedTopic();
  const guest = visit(site);
  const pair = pairOn((await guest.get(`${topic.path}/vote`)).text);
  const note = '😀'.repeat(281);
  const form = { ballot: pair.ballot, choice: 'left', note };
  const { text } = await guest.post(`${topic.path}/vote`).type('form').send(form).expect(422);
  const $ = read(text);
  expect($('.receipt').text()).toContain('more than 280 characters');
  expect($('details.note-field').attr('open')).toBeDefined();
  expect(String($('#note').val()).trim()).toBe(note);
  const again = pairOn(text);
  expect([again.left, again.right]).toEqual([pair.left, pair.right]);
  const shorter = { ballot: again.ballot, choice: 'left', note: '😀'.repeat(280) };
  await guest.post(`${topic.path}/vote`).type('form').send(shorter).expect(303);
  expect((await notesIn(topic)).map((row) => row.note)).toEqual(['😀'.repeat(280)]);
});

it('asks again before a note goes to more readers than its writer was told', async () => {
  const topic = await makeNotedTopic('organisers', { things: 2 });
  const { browser } = await member(site);
  const path = `${topic.path}/vote`;
  const formOn = (html: string) => {
    const $ = read(html);
    return {
      ballot: $('[name=ballot]').first().val(),
      choice: 'left',
      note: 'Frankly, dull',
      'note-readers': $('[name=note-readers]').val(),
    };
  };
  const shown = formOn((await browser.get(path).expect(200)).text);
  await setTopic(topic, { notes: 'teams' });
  const again = await browser.post(path).type('form').send(shown).expect(422);
  expect(read(again.text)('.receipt').text()).toContain('Who reads your note has changed');
  expect(String(read(again.text)('#note').val()).trim()).toBe('Frankly, dull');
  expect(await notesIn(topic)).toEqual([]);
  await browser.post(path).type('form').send(formOn(again.text)).expect(303);
  expect(await notesIn(topic)).toMatchObject([{ readers: 'teams' }]);
  await setTopic(topic, { notes: 'organisers' });
  const [vote] = await site.db.selectFrom('votes').where('topicId', '=', topic.id).selectAll().execute();
  const change = `/profile/votes/${vote?.ballotId}/change`;
  const changed = { ...formOn((await browser.get(change).expect(200)).text), choice: 'right' };
  await setTopic(topic, { notes: 'teams' });
  const refused = await browser.post(change).type('form').send(changed).expect(422);
  expect(refused.text).toContain('Who reads your note is different now');
});

it('counts a vote whose note the topic does not take', async () => {
  const topic = await makeTopic(site);
  await noteOn(visit(site), topic, { note: 'Fine' });
  const votes = await site.db.selectFrom('votes').where('topicId', '=', topic.id).selectAll().execute();
  expect(votes).toHaveLength(1);
  expect(await notesIn(topic)).toEqual([]);
});

it('writes a ballot that is sent twice at once with one note', async () => {
  const topic = await makeNotedTopic();
  const { browser } = await member(site);
  const { ballot } = pairOn((await browser.get(`${topic.path}/vote`)).text);
  const send = (note: string) =>
    browser.post(`${topic.path}/vote`).set(HTMX).type('form').send({ ballot, choice: 'left', note });
  await Promise.all([send('one'), send('one')]);
  expect(await notesIn(topic)).toHaveLength(1);
});

it('takes the note away with the vote', async () => {
  const topic = await makeNotedTopic();
  const guest = visit(site);
  await noteOn(guest, topic, { note: 'Fine' });
  await guest.post('/vote/undo').type('form').send({}).expect(303);
  expect(await notesIn(topic)).toEqual([]);
  expect((await notesPage(topic))('.lead').text()).toContain('No notes yet');
});

it('replaces the note when the vote is changed', async () => {
  const topic = await makeNotedTopic();
  const { browser, id } = await member(site);
  await noteOn(browser, topic, { note: 'Fine' });
  const change = async (choice: string, note: string, status = 303) => {
    const [vote] = (await votesOf(site, id)).filter(({ withdrawnAt }) => !withdrawnAt);
    const path = `/profile/votes/${vote?.ballotId}/change`;
    const page = read((await browser.get(path).expect(200)).text);
    const ballot = String(page('[name=ballot]').val());
    const answer = await browser.post(path).type('form').send({ ballot, choice, note }).expect(status);
    return { before: String(page('#note').val()).trim(), text: answer.text };
  };
  expect((await change('right', 'Better')).before).toBe('Fine');
  expect((await notesIn(topic)).map((row) => row.note)).toEqual(['Better']);
  const { text } = await change('right', 'x'.repeat(281), 422);
  expect(String(read(text)('#note').val()).trim()).toBe('x'.repeat(281));
  // The same answer with another note, and then without one.
  await change('right', 'Best');
  expect((await notesIn(topic)).map((row) => row.note)).toEqual(['Best']);
  await change('right', '');
  expect(await notesIn(topic)).toEqual([]);
  expect((await votesOf(site, id)).filter(({ withdrawnAt }) => !withdrawnAt)).toHaveLength(1);
});

it('removes a note for an organiser, and records that alone', async () => {
  const topic = await makeNotedTopic();
  await noteOn(visit(site), topic, { note: 'Rude words' });
  const action = (await notesPage(topic))('form[action$="/remove"]').attr('action') ?? '';
  const viewer = await memberWith(site, topic, 'viewer');
  await viewer.browser.post(action).expect(403);
  const other = await makeNotedTopic();
  await other.owner.browser.post(action.replace(topic.path, other.path)).expect(404);
  await topic.owner.browser.post(action).expect(303);
  await topic.owner.browser.post(action).expect(404);
  expect(await notesIn(topic)).toEqual([]);
  const { text } = await topic.owner.browser.get(`${topic.path}/manage/activity`);
  expect(text).toContain('Note removed');
  expect(text).not.toContain('Rude');
  expect(
    await site.db.selectFrom('votes').where('topicId', '=', topic.id).select('id').execute(),
  ).toHaveLength(1);
});

it('tells the organisers the name only where the writer was told so', async () => {
  const topic = await makeNotedTopic('organisers', { access: 'invited' });
  const mina = await invite(topic, 'Mina');
  expect((await mina.get(`${topic.path}/vote`)).text).toContain('see that it is yours');
  await noteOn(mina, topic, { note: 'With a name' });
  await site.db.updateTable('topics').set({ access: 'link' }).where('id', '=', topic.id).execute();
  await reload(site);
  expect((await mina.get(`${topic.path}/vote`)).text).toContain('without your name');
  await noteOn(mina, topic, { note: 'Without a name' });
  await site.db.updateTable('topics').set({ access: 'invited' }).where('id', '=', topic.id).execute();
  const { text } = await topic.owner.browser.get(`${topic.path}/manage/notes.csv`).expect(200);
  expect(text).toMatch(/With a name,Mina,/);
  expect(text).toMatch(/Without a name,,/);
});

it('gives the notes about a thing to its team, without names, when voting has ended', async () => {
  const topic = await makeNotedTopic('teams', { access: 'invited', things: 2 });
  await site.db
    .updateTable('things')
    .set({ team: 'Blue' })
    .where('topicId', '=', topic.id)
    .where('name', '=', 'Lunch Thing 1')
    .execute();
  const [judge, ben, zoe] = [
    await invite(topic, 'Judge'),
    await invite(topic, 'Ben, blue'),
    await invite(topic, 'Zoe, Red'),
  ];
  await noteOn(judge, topic, { note: 'Well made' });
  const path = `${topic.path}/notes`;
  expect((await ben.get(path).expect(200)).text).not.toContain('Well made');
  await setTopic(topic, { phase: 'closed' });
  expect(read((await ben.get(`${topic.path}/vote`)).text)(`a[href="${path}"]`)).toHaveLength(1);
  expect(read((await zoe.get(`${topic.path}/vote`)).text)(`a[href="${path}"]`)).toHaveLength(0);
  const { text } = await ben.get(path).expect(200);
  expect(read(text)('main').text()).toMatch(/Lunch Thing 1\s+Well made\s+beside Lunch Thing 2/);
  expect(text).not.toContain('Judge');
  for (const browser of [zoe, judge])
    expect((await browser.get(path).expect(200)).text).not.toContain('Well made');
  await visit(site).get(path).expect(404);
});

it('gives the notes about a proposed thing to the one who proposed it', async () => {
  const topic = await makeNotedTopic('teams', { things: 2 });
  const [mina, judge] = [await member(site), visit(site)];
  const { id } = await site.db
    .selectFrom('things')
    .where('topicId', '=', topic.id)
    .select('id')
    .executeTakeFirstOrThrow();
  await site.db
    .insertInto('suggestions')
    .values({
      ...{ topicId: topic.id, voterId: mina.id, name: 'Lunch Thing 1', thingId: id },
      ...{ decision: 'accepted', decidedAt: new Date() },
    })
    .execute();
  await noteOn(judge, topic, { note: 'Well made' });
  await setTopic(topic, { phase: 'closed' });
  expect((await mina.browser.get(`${topic.path}/notes`).expect(200)).text).toContain('Well made');
});

it('never gives teams what was written to the organisers alone', async () => {
  const topic = await makeNotedTopic('organisers', { access: 'invited', things: 2 });
  await site.db.updateTable('things').set({ team: 'Blue' }).where('topicId', '=', topic.id).execute();
  const [judge, ben] = [await invite(topic, 'Judge'), await invite(topic, 'Ben, Blue')];
  await noteOn(judge, topic, { note: 'Between us' });
  await setTopic(topic, { notes: 'teams', phase: 'closed' });
  expect((await ben.get(`${topic.path}/notes`).expect(200)).text).not.toContain('Between us');
  await setTopic(topic, { notes: 'organisers' });
  await ben.get(`${topic.path}/notes`).expect(404);
});

it('brings a guest’s note along to an account, shows it to its writer, and removes it with the account', async () => {
  const topic = await makeNotedTopic();
  const guest = visit(site);
  await noteOn(guest, topic, { note: 'My own words' });
  expect((await guest.get('/guest').expect(200)).text).toContain('My own words');
  const form = { username: 'note.writer', password: 'a long enough phrase' };
  await guest.post('/register').type('form').send(form).expect(303);
  expect(await notesIn(topic)).toHaveLength(1);
  expect((await guest.get('/profile/votes').expect(200)).text).toContain('My own words');
  const { body } = await guest.get('/profile/export').expect(200);
  expect(body.votes.map(({ note }: { note: string | null }) => note)).toContain('My own words');
  expect((await guest.get('/profile/export?format=csv').expect(200)).text).toMatch(/,My own words\n/);
  const close = read((await guest.get('/profile/close').expect(200)).text);
  const person = String(close('[name=person]').val());
  await guest.post('/profile/close').type('form').send({ person, votes: 'keep' }).expect(303);
  expect(await notesIn(topic)).toEqual([]);
});

it('removes the notes of a guest who deletes their votes', async () => {
  const topic = await makeNotedTopic();
  const guest = visit(site);
  await noteOn(guest, topic, { note: 'Fine' });
  await guest.post('/guest/delete').expect(303);
  expect(await notesIn(topic)).toEqual([]);
});

it('shows a note to nobody but its writer and the organisers', async () => {
  const topic = await makeNotedTopic('organisers', { things: 3 });
  await noteOn(visit(site), topic, { note: 'Only for you' });
  await site.rank();
  const [viewer, stranger] = [await memberWith(site, topic, 'viewer'), await member(site)];
  const { path, slug } = topic;
  const things = await site.db.selectFrom('things').where('topicId', '=', topic.id).select('id').execute();
  const pages = [
    ...[`${path}/vote`, `${path}/top`, `${path}/ranking`, `${path}/data.json`, `${path}/embed`],
    ...[`/api/topics/${slug}/top`, `/profile${path}/top`, '/profile/export', '/profile/votes'],
    ...things.map(({ id }) => `${path}/things/${id}`),
    ...[
      '',
      '/things',
      '/voters',
      '/results',
      '/results.csv',
      '/results.json',
      '/people',
      '/activity',
      '/judges',
    ].map((page) => `${path}/manage${page}`),
  ];
  for (const browser of [visit(site), stranger.browser, viewer.browser])
    for (const page of [...pages, `${path}/manage/notes`, `${path}/manage/notes.csv`, `${path}/notes`]) {
      const { text } = await browser.get(page);
      expect([page, text]).toEqual([page, expect.not.stringContaining('Only for you')]);
    }
  await viewer.browser.get(`${path}/manage/notes`).expect(403);
  // What the organisers publish has none either.
  for (const page of pages)
    expect([page, (await topic.owner.browser.get(page)).text]).toEqual([
      page,
      expect.not.stringContaining('Only for you'),
    ]);
});
