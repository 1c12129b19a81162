import { Writable } from 'node:stream';
import { sql } from 'kysely';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { type Browser, member, openSite, pairOn, read, useSite, visit, vote, votesOf } from '../site.js';
import { type MadeTopic, makeTopic, memberWith } from './topics.js';

const site = useSite();

const votesOn = (topic: MadeTopic): number => site.boards.byTopic(topic.id)?.votes ?? 0;

/** The path of each new personal link, by name. */
async function linksOn(browser: Browser, { path }: MadeTopic): Promise<Map<string, string>> {
  const $ = read((await browser.get(`${path}/manage/voters`).expect(200)).text);
  const lines = $('#links').text().trim().split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [name = '', url = ''] = line.split('\t');
      return [name, new URL(url).pathname];
    }),
  );
}

async function inviteTo(topic: MadeTopic, ...names: string[]): Promise<string[]> {
  const { browser } = topic.owner;
  await browser
    .post(`${topic.path}/manage/voters`)
    .type('form')
    .send({ names: names.join('\n') })
    .expect(303);
  const links = await linksOn(browser, topic);
  return names.map((name) => links.get(name.split(',')[0] ?? '') ?? expect.fail(name));
}

async function join(browser: Browser, link: string): Promise<void> {
  const { headers } = await browser.post(link).expect(303);
  await browser.get(String(headers.location)).expect(200);
}

async function idOf(topic: MadeTopic, name: string): Promise<number> {
  const { id } = await site.db
    .selectFrom('invitations')
    .where('topicId', '=', topic.id)
    .where('name', '=', name)
    .select('id')
    .executeTakeFirstOrThrow();
  return id;
}

it('gives each name a link, once, as a list and as CSV', async () => {
  const topic = await makeTopic(site, { access: 'invited' });
  const [mina] = await inviteTo(topic, 'Mina', 'Ben, Blue team');
  const { browser } = topic.owner;
  const csv = await browser.get(`${topic.path}/manage/voters/links.csv`).expect(200);
  expect(csv.text).toMatch(/^name,team,url\nBen,Blue team,http\S+\/join\/[\w-]{22}\nMina,,http\S+\n$/);
  // Only the browser that made them sees them, and the database knows hashes alone.
  const organiser = await memberWith(site, topic, 'organiser');
  expect((await linksOn(organiser.browser, topic)).size).toBe(0);
  const token = mina?.split('/').at(-1) ?? '';
  const rows = await site.db.selectFrom('invitations').where('topicId', '=', topic.id).selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(token);
});

it('writes no name of a voter as a formula that a spreadsheet would run', async () => {
  const topic = await makeTopic(site, { access: 'invited' });
  await inviteTo(topic, '=1+1, @Blue');
  const { text } = await topic.owner.browser.get(`${topic.path}/manage/voters/links.csv`).expect(200);
  expect(text).toContain("\n'=1+1,'@Blue,http");
});

it('keeps the names and says what is wrong with a line', async () => {
  const topic = await makeTopic(site, { access: 'invited' });
  for (const [names, error] of [
    [`Mina\n${'x'.repeat(81)}`, 'Line 2: the name has more than 80 characters.'],
    ['Mina\n, Blue', 'Line 2: the name is missing.'],
    [' \n', 'Write at least one name.'],
  ]) {
    const { text } = await topic.owner.browser
      .post(`${topic.path}/manage/voters`)
      .type('form')
      .send({ names })
      .expect(422);
    const $ = read(text);
    expect($('#names-error').text()).toBe(error);
    expect($('#names').text().trim()).toBe(names?.trim());
  }
});

it('shows who invites to what, and joins by a press', async () => {
  const topic = await makeTopic(site, { access: 'invited', title: 'Book of the year' });
  const [link = ''] = await inviteTo(topic, 'Mina');
  const guest = visit(site);
  await guest.get(`${topic.path}/vote`).expect(404);
  const { text, headers } = await guest.get(link).expect(200);
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['referrer-policy']).toBe('strict-origin');
  expect(headers['set-cookie']).toBeUndefined();
  const main = read(text)('main').text();
  for (const part of [topic.owner.username, 'Mina', 'Book of the year']) expect(main).toContain(part);
  await guest.get(`${topic.path}/vote`).expect(404);
  await join(guest, link);
  for (let votes = 0; votes < 3; votes++) await vote(guest, 'left', `${topic.path}/vote`);
  await site.rank();
  expect(votesOn(topic)).toBe(3);
  await guest.get(`${topic.path}/top`).expect(200);
  expect((await topic.owner.browser.get(`${topic.path}/manage/voters`)).text).toContain('3 votes');
});

it('is one voter on two devices', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 3 });
  const [link = ''] = await inviteTo(topic, 'Mina');
  const [phone, laptop] = [visit(site), visit(site)];
  for (const device of [phone, laptop]) await join(device, link);
  for (const device of [phone, laptop, phone]) await vote(device, 'left', `${topic.path}/vote`);
  for (const device of [phone, laptop])
    expect((await device.get(`${topic.path}/vote`)).text).toContain('You’ve voted on every pair');
  await site.rank();
  expect(votesOn(topic)).toBe(3);
});

it('lets a member join as themselves, and brings along what they voted before', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 3 });
  const [link = ''] = await inviteTo(topic, 'Mina');
  const [phone, mina, other] = [visit(site), await member(site), await member(site)];
  await join(phone, link);
  await vote(phone, 'left', `${topic.path}/vote`);
  await join(mina.browser, link);
  await vote(mina.browser, 'left', `${topic.path}/vote`);
  await site.rank();
  expect(votesOn(topic)).toBe(2);
  // The phone is nobody's any more, and nobody else gets the place.
  await phone.get(`${topic.path}/vote`).expect(404);
  for (const browser of [phone, other.browser]) await browser.post(link).expect(409);
});

it('brings an invitation along to a new account', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 3 });
  const [link = ''] = await inviteTo(topic, 'Mina');
  const guest = visit(site);
  await join(guest, link);
  await vote(guest, 'left', `${topic.path}/vote`);
  const form = { username: 'was.invited', password: 'a long enough phrase' };
  await guest.post('/register').type('form').send(form).expect(303);
  await vote(guest, 'left', `${topic.path}/vote`);
  await site.rank();
  expect(votesOn(topic)).toBe(2);
});

it('stops a link that was revoked or replaced, also where it was used', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 4 });
  const [minas = '', bens = ''] = await inviteTo(topic, 'Mina', 'Ben');
  const [mina, ben] = [visit(site), visit(site)];
  await join(mina, minas);
  await join(ben, bens);
  for (const browser of [mina, ben]) await vote(browser, 'left', `${topic.path}/vote`);
  const open = pairOn((await mina.get(`${topic.path}/vote`)).text);
  const act = async (name: string, what: string) =>
    topic.owner.browser.post(`${topic.path}/manage/voters/${await idOf(topic, name)}/${what}`).expect(303);
  await act('Mina', 'revoke');
  await act('Ben', 'link');
  const form = { ballot: open.ballot, choice: 'left' };
  await mina.post(`${topic.path}/vote`).type('form').send(form).expect(404);
  for (const [browser, link] of [
    [mina, minas],
    [ben, bens],
  ] as const) {
    await browser.get(`${topic.path}/vote`).expect(404);
    await browser.get(link).expect(404);
    await browser.post(link).expect(404);
  }
  const fresh = (await linksOn(topic.owner.browser, topic)).get('Ben') ?? '';
  // Somebody with the old link has the old cookie, and gets no more of it. Ben's votes go on with Ben.
  const bensPhone = visit(site);
  await join(bensPhone, fresh);
  await ben.get(`${topic.path}/vote`).expect(404);
  for (let votes = 0; votes < 5; votes++) await vote(bensPhone, 'left', `${topic.path}/vote`);
  expect((await bensPhone.get(`${topic.path}/vote`)).text).toContain('You’ve voted on every pair');
  await site.rank();
  expect(votesOn(topic)).toBe(7);
});

it('takes no vote back for a link that was revoked or replaced', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 4 });
  const open = await makeTopic(site, { access: 'link', things: 4 });
  const links = await inviteTo(topic, 'Mina', 'Ben', 'Noa');
  const voters = await Promise.all(
    links.map(async (link) => {
      const browser = visit(site);
      await join(browser, link);
      for (const { path } of [topic, open, topic]) await vote(browser, 'left', `${path}/vote`);
      return browser;
    }),
  );
  const standing = async ({ id }: MadeTopic) => {
    const votes = site.db.selectFrom('votes').where('topicId', '=', id).where('withdrawnAt', 'is', null);
    return (await votes.select('id').execute()).length;
  };
  const act = async (name: string, what: string) =>
    topic.owner.browser.post(`${topic.path}/manage/voters/${await idOf(topic, name)}/${what}`).expect(303);
  await act('Mina', 'revoke');
  await act('Ben', 'link');
  const fresh = (await linksOn(topic.owner.browser, topic)).get('Ben') ?? '';
  const ballots = await site.db
    .selectFrom('votes')
    .where('topicId', '=', topic.id)
    .select('ballotId')
    .execute();
  const [mina, ben, noa] = voters;
  for (const browser of [mina, ben])
    for (const { ballotId: ballot } of ballots) {
      await browser?.post('/vote/undo').type('form').send({ ballot });
      await browser?.post(`/profile/votes/${ballot}/withdraw`);
    }
  expect(await standing(topic)).toBe(6);
  // Deleting their votes as a guest takes back the others alone.
  for (const browser of [mina, ben]) {
    await browser?.post('/guest/delete').expect(303);
    expect((await browser?.get('/guest'))?.text).toContain('Only those that you cast by a link');
  }
  expect([await standing(topic), await standing(open)]).toEqual([6, 1]);
  const bensPhone = visit(site);
  await join(bensPhone, fresh);
  for (let votes = 0; votes < 4; votes++) await vote(bensPhone, 'left', `${topic.path}/vote`);
  expect((await bensPhone.get(`${topic.path}/vote`)).text).toContain('You’ve voted on every pair');
  expect(await standing(topic)).toBe(10);
  await noa?.post('/guest/delete').expect(303);
  expect([await standing(topic), await standing(open)]).toEqual([8, 0]);
});

it('takes no vote back for a member whose invitation was revoked', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 4 });
  const [link = ''] = await inviteTo(topic, 'Mina');
  const { browser, id } = await member(site);
  await join(browser, link);
  await vote(browser, 'left', `${topic.path}/vote`);
  await topic.owner.browser
    .post(`${topic.path}/manage/voters/${await idOf(topic, 'Mina')}/revoke`)
    .expect(303);
  const [own] = await votesOf(site, id);
  await browser.post(`/profile/votes/${own?.ballotId}/withdraw`).expect(303);
  expect((await browser.get('/profile')).text).toContain('Your vote stays as it is');
  expect(await votesOf(site, id)).toMatchObject([{ withdrawnAt: null }]);
  // Nor does closing the account.
  const person = read((await browser.get('/profile/close')).text)('[name=person]').val();
  await browser.post('/profile/close').type('form').send({ votes: 'withdraw', person }).expect(303);
  await browser.get('/profile').expect(303);
  const { rows } = await sql<{ standing: number }>`
    select count(*)::int as standing from votes where topic_id = ${topic.id} and withdrawn_at is null`.execute(
    site.db,
  );
  expect(rows).toEqual([{ standing: 1 }]);
});

it('checks the invitation when a vote is written', async () => {
  const topic = await makeTopic(site, { access: 'link', things: 4 });
  const guest = visit(site);
  await vote(guest, 'left', `${topic.path}/vote`);
  const { ballot } = pairOn((await guest.get(`${topic.path}/vote`)).text);
  // The board in memory still has the old access.
  await site.db.updateTable('topics').set({ access: 'invited' }).where('id', '=', topic.id).execute();
  const { text } = await guest
    .post(`${topic.path}/vote`)
    .type('form')
    .send({ ballot, choice: 'left' })
    .expect(422);
  expect(text).toContain('Your personal link no longer works');
  const votes = await site.db.selectFrom('votes').where('topicId', '=', topic.id).select('id').execute();
  expect(votes).toHaveLength(1);
});

it('writes no token into a log, and none on another page', async () => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const logged = await openSite({}, { storesOf: site, log: pino({ level: 'debug' }, stream) });
  try {
    const topic = await makeTopic(site, { access: 'invited' });
    const [link = ''] = await inviteTo(topic, 'Mina');
    const guest = visit(logged);
    const { text } = await guest.get(link).expect(200);
    const token = link.split('/').at(-1) ?? '';
    // Only the form of the page itself has it.
    expect(text.split(token)).toHaveLength(2);
    const { headers } = await guest.post(link).expect(303);
    expect(JSON.stringify(headers)).not.toContain(token);
    const pagesOf = async (browser: Browser): Promise<string> => {
      const paths = [`${topic.path}/vote`, '/guest', '/', '/login', '/profile', '/profile/votes'];
      const asked = paths.map((path) => browser.get(path).set('Referer', `${logged.origin}${link}`));
      return (await Promise.all(asked)).map(({ text }) => text).join('');
    };
    expect(await pagesOf(guest)).not.toContain(token);
    const [mina, other] = [await member(logged), await member(logged)];
    // The page of a member also says how to log in again, and that is without the link.
    expect((await mina.browser.get(link).expect(200)).text.split(token)).toHaveLength(2);
    await mina.browser.post(link).expect(303);
    expect((await other.browser.post(link).expect(409)).text).not.toContain(token);
    expect(await pagesOf(mina.browser)).not.toContain(token);
    await guest.get(`${link}x`).expect(404);
    await guest.put(link).expect(405);
    expect(lines.join('')).toContain('/join/');
    expect(lines.join('')).not.toContain(token);
  } finally {
    await logged.close();
  }
});
