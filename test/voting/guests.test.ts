import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { purgeGuests } from '../../src/voting/guests.js';
import {
  type Browser,
  HTMX,
  ledgerOf,
  member,
  pairOn,
  read,
  thingNames,
  topic,
  useSite,
  visit,
  vote,
  votesOf,
} from '../site.js';

const site = useSite();

beforeAll(() => topic(site, { names: thingNames(12) }));

beforeEach(async () => {
  await site.db.deleteFrom('votes').where('provisional', '=', true).execute();
  await site.db.deleteFrom('voters').where('kind', '=', 'guest').execute();
});

async function guestsIn(): Promise<number> {
  const guests = await site.db.selectFrom('voters').where('kind', '=', 'guest').select('id').execute();
  return guests.length;
}

let registered = 0;
async function register(browser: Browser): Promise<void> {
  const form = { username: `guest.no.${++registered}`, password: 'a long enough phrase' };
  await browser.post('/register').type('form').send(form).expect(303);
}

const send = (browser: Browser, ballot: string, choice: string) =>
  browser.post('/vote').type('form').send({ ballot, choice });

const logIn = (browser: Browser, { username, password }: { username: string; password: string }) =>
  browser.post('/login').type('form').send({ username, password }).expect(303);

async function openPair(
  browser: Browser,
): Promise<{ left: string; right: string; ballot: string; text: string }> {
  const { text } = await browser.get('/vote').expect(200);
  return { ...pairOn(text), text };
}

it('saves the votes of a guest for that guest alone', async () => {
  const guest = visit(site);
  const pair = await openPair(guest);
  const answer = await send(guest, pair.ballot, 'left').expect(303);
  const next = read((await guest.get(answer.headers.location ?? '').expect(200)).text);
  expect(next('.receipt p').text()).toContain(`Saved: you chose ${pair.left} over ${pair.right}`);
  expect(next('.progress').text()).toContain('1 vote saved');
  expect((await openPair(visit(site))).text).not.toContain('saved.');
});

it('does not count the votes of guests until they register', async () => {
  const before = site.boards.default().votes;
  const guest = visit(site);
  for (let vote = 0; vote < 3; vote++) await send(guest, (await openPair(guest)).ballot, 'left').expect(303);
  await site.rank();
  expect(site.boards.default().votes).toBe(before);
  await register(guest);
  await site.rank();
  expect(site.boards.default().votes).toBe(before + 3);
});

it('tells a guest how many others agree, and predicts no movement', async () => {
  const guest = visit(site);
  const pair = await openPair(guest);
  const things = await site.db.selectFrom('things').select(['id', 'name', 'topicId']).execute();
  const [left, right] = [pair.left, pair.right].map((name) => things.find((thing) => thing.name === name));
  for (let vote = 0; vote < 10; vote++) {
    const { id } = await member(site);
    await site.db
      .insertInto('votes')
      .values({
        ballotId: crypto.randomUUID(),
        topicId: left?.topicId ?? 0,
        leftId: left?.id ?? 0,
        rightId: right?.id ?? 0,
        voterId: id,
        outcome: vote < 7 ? 'left' : 'right',
        strategy: 'focus',
      })
      .execute();
  }
  await site.rank();
  const answer = await send(guest, pair.ballot, 'left').set(HTMX).expect(200);
  const $ = read(answer.text);
  expect($('.receipt .headline').text().trim()).toMatch(/^You and \d+ of 1\d others$/);
  expect($('.votes-bar .you')).toHaveLength(1);
  expect($('.effect').text()).toBe('');
});

it('sets no cookie before the first vote, and an httpOnly cookie after it', async () => {
  const guest = visit(site);
  const page = await guest.get('/vote').expect(200);
  expect(page.headers['set-cookie']).toBeUndefined();
  const { headers } = await send(guest, pairOn(page.text).ballot, 'tie').expect(303);
  expect(headers['set-cookie']?.[0]).toMatch(/^guest=.*HttpOnly; SameSite=Lax/);
});

it('shows the first pair on the front page', async () => {
  const guest = visit(site);
  const front = read((await guest.get('/').expect(200)).text);
  const ballot = String(front('.duel').closest('form').find('[name=ballot]').val());
  const first = front('.duel .name').first().text();
  const answer = await send(guest, ballot, 'left').expect(303);
  const page = await guest.get(answer.headers.location ?? '');
  expect(read(page.text)('.receipt p').text()).toContain(`you chose ${first} over`);
  // Then the front page has the next pair.
  const later = await guest.get('/');
  const { left, right } = pairOn((await guest.get('/vote')).text);
  expect(pairOn(later.text)).toMatchObject({ left, right });
  expect(read(later.text)('.say .button').text()).toBe('Sign up to count your 1 vote');
});

it('answers htmx with the next pair in the same round trip', async () => {
  const guest = visit(site);
  const { ballot, left } = await openPair(guest);
  const answer = await send(guest, ballot, 'left').set(HTMX).expect(200);
  expect(read(answer.text)('.receipt p').text()).toContain(`you chose ${left}`);
  expect(pairOn(answer.text).ballot).not.toBe('');
});

it('counts a ballot once, however often it is sent, and withdraws it', async () => {
  const guest = visit(site);
  const first = await openPair(guest);
  for (const choice of ['left', 'right']) await send(guest, first.ballot, choice).expect(303);
  expect((await openPair(guest)).text).toContain('1 vote</a> saved');
  await guest.post('/vote/undo').expect(303);
  const again = await openPair(guest);
  expect([again.left, again.right]).toEqual([first.left, first.right]);
  expect(again.text).toContain('Vote now.');
});

it('shows all guests the same twenty pairs', async () => {
  const [one, other] = [visit(site), visit(site)];
  for (let pair = 0; pair < 20; pair++) {
    const [mine, theirs] = [await openPair(one), await openPair(other)];
    expect([mine.left, mine.right]).toEqual([theirs.left, theirs.right]);
    await send(one, mine.ballot, 'left').expect(303);
    await send(other, theirs.ballot, pair % 2 ? 'skip' : 'right').expect(303);
  }
  const { text } = await one.get('/vote').expect(200);
  expect(read(text)('h2').first().text()).toBe('You’ve voted on today’s guest pairs');
  expect(read(text)('main a[href^="/register"]').length).toBeGreaterThan(0);
});

it('counts the votes of a guest who registers', async () => {
  const guest = visit(site);
  const chosen: string[] = [];
  for (const choice of ['left', 'right', 'unknown-left'] as const) {
    const pair = await openPair(guest);
    chosen.push(`${pair.left} ${pair.right}`);
    await send(guest, pair.ballot, choice).expect(303);
  }
  const form = { username: 'once.a.guest', password: 'a long enough phrase' };
  const answer = await guest.post('/register').type('form').send(form).expect(303);
  const page = read((await guest.get(answer.headers.location ?? '').expect(200)).text);
  expect(page('.flash').text()).toContain('your guest votes now count');
  const { id } = await site.db
    .selectFrom('users')
    .where('username', '=', form.username)
    .select('id')
    .executeTakeFirstOrThrow();
  expect(await ledgerOf(site, id)).toMatchObject([
    { outcome: 'left', weight: 1 },
    { outcome: 'right', weight: 1 },
    { outcome: 'skip', unknown: 'left' },
  ]);
  // No data of the guest is left.
  expect(await site.db.selectFrom('votes').where('provisional', '=', true).selectAll().execute()).toEqual([]);
  await guest.post('/logout').expect(303);
  expect((await openPair(guest)).text).toContain('Vote now.');
});

it('counts the votes of a guest once when two members log in with copies of the cookie', async () => {
  const guest = visit(site);
  const { ballot } = await openPair(guest);
  const { headers } = await send(guest, ballot, 'left').expect(303);
  const copy = String(headers['set-cookie']?.[0]).split(';')[0] ?? '';
  const [one, other] = [await member(site), await member(site)];
  for (const { username, password } of [one, other])
    await visit(site)
      .post('/login')
      .set('Cookie', copy)
      .type('form')
      .send({ username, password })
      .expect(303);
  expect([await votesOf(site, one.id), await votesOf(site, other.id)].map((votes) => votes.length)).toEqual([
    1, 0,
  ]);
});

it('keeps the answer of a member who answered the pair before as a member', async () => {
  const person = await member(site);
  const guest = visit(site);
  const first = await openPair(guest);
  await send(guest, first.ballot, 'left').expect(303);
  const things = await site.db.selectFrom('things').select(['id', 'name', 'topicId']).execute();
  const thing = (name: string) => things.find((thing) => thing.name === name) ?? expect.fail();
  const [left, right] = [thing(first.left), thing(first.right)];
  await site.db
    .insertInto('votes')
    .values({
      ballotId: crypto.randomUUID(),
      topicId: left.topicId,
      leftId: right.id,
      rightId: left.id,
      voterId: person.id,
      outcome: 'left',
      strategy: 'focus',
    })
    .execute();
  await logIn(guest, person);
  expect(await votesOf(site, person.id)).toMatchObject([{ outcome: 'left', leftId: right.id }]);
  expect((await guest.get('/vote')).text).toContain('you had already voted on those pairs');
});

it('refuses the vote of a guest who logged in after the pair was shown', async () => {
  const person = await member(site);
  const guest = visit(site);
  const { ballot } = await openPair(guest);
  await logIn(guest, person);
  const answer = await send(guest, ballot, 'right').expect(422);
  expect(read(answer.text)('.receipt p').text()).toContain('You logged in after that pair was shown');
  expect(await votesOf(site, person.id)).toEqual([]);
});

it('refuses the ballot of another guest', async () => {
  const [scout, guest] = [visit(site), visit(site)];
  for (let pair = 0; pair < 3; pair++) await send(scout, (await openPair(scout)).ballot, 'skip').expect(303);
  const { ballot } = await openPair(scout);
  for (const own of ['a guest who has not voted', 'a guest who has']) {
    const picked = await send(guest, ballot, 'left').expect(422);
    expect(read(picked.text)('.receipt p').text(), own).toContain('shown to someone else');
    await send(guest, (await openPair(guest)).ballot, 'left').expect(303);
  }
});

it('finds the guest again when the response to the first vote was lost', async () => {
  const { ballot, left } = await openPair(visit(site));
  const guest = visit(site);
  await send(visit(site), ballot, 'left').expect(303);
  const answer = await send(guest, ballot, 'left').expect(303);
  const { text } = await guest.get(answer.headers.location ?? '').expect(200);
  expect(read(text)('.receipt p').text()).toContain(`Saved: you chose ${left} over`);
  expect(await guestsIn()).toBe(1);
});

it('refuses the cookie of a guest whose votes were taken over', async () => {
  const guest = visit(site);
  const { ballot } = await openPair(guest);
  const { headers } = await send(guest, ballot, 'left').expect(303);
  const copy = String(headers['set-cookie']?.[0]).split(';')[0] ?? '';
  const next = (await openPair(guest)).ballot;
  await register(guest);
  const page = await visit(site).get('/vote').set('Cookie', copy).expect(200);
  expect(page.text).toContain('Vote now.');
  const refused = await send(visit(site), next, 'left').set('Cookie', copy).expect(422);
  expect(read(refused.text)('.receipt p').text()).toContain('vote didn’t count');
});

it('counts or refuses a vote that is cast while its guest logs in', async () => {
  const person = await member(site);
  const guest = visit(site);
  await send(guest, (await openPair(guest)).ballot, 'left').expect(303);
  const { ballot } = await openPair(guest);
  const [cast] = await Promise.all([send(guest, ballot, 'left'), logIn(guest, person)]);
  // The vote counts or is refused. It is never lost without a message.
  expect([303, 422]).toContain(cast.status);
  if (cast.status === 303) expect(cast.headers.location).toContain('?voted=');
  else expect(read(cast.text)('.receipt p').text()).toContain('vote didn’t count');
  expect(await votesOf(site, person.id)).toHaveLength(cast.status === 303 ? 2 : 1);
  expect(await site.db.selectFrom('votes').where('provisional', '=', true).selectAll().execute()).toEqual([]);
});

it('lets guests see their votes, withdraw one, and delete all', async () => {
  const guest = visit(site);
  expect((await guest.get('/guest').expect(200)).text).toContain('No votes yet.');
  const chosen: string[] = [];
  for (let vote = 0; vote < 2; vote++) {
    const { ballot, left } = await openPair(guest);
    chosen.unshift(left);
    await send(guest, ballot, 'left').expect(303);
  }
  const own = async () => read((await guest.get('/guest').expect(200)).text);
  const page = await own();
  expect(
    page('.own-votes strong')
      .map((_, name) => page(name).text())
      .get(),
  ).toEqual(chosen);
  await guest.post(String(page('.own-votes form').first().attr('action'))).expect(303);
  expect((await own())('.own-votes strong').length).toBe(1);
  const gone = await guest.post('/guest/delete').expect(303);
  expect((await guest.get(gone.headers.location ?? '')).text).toContain('No votes yet.');
  expect(await guestsIn()).toBe(0);
});

it('deletes only guests who have not voted for thirty days', async () => {
  const [old, recent] = [visit(site), visit(site)];
  for (const guest of [old, recent]) await send(guest, (await openPair(guest)).ballot, 'left').expect(303);
  const [first] = await site.db
    .selectFrom('voters')
    .where('kind', '=', 'guest')
    .select('id')
    .orderBy('id')
    .execute();
  const away = sql`now() - interval '31 days'`;
  await sql`update voters set created_at = ${away} where kind = 'guest'`.execute(site.db);
  await sql`alter table votes disable trigger votes_only_withdraw`.execute(site.db);
  await sql`update votes set created_at = ${away} where voter_id = ${first?.id}`.execute(site.db);
  await sql`alter table votes enable trigger votes_only_withdraw`.execute(site.db);
  await purgeGuests(site.db);
  expect(await guestsIn()).toBe(1);
  expect((await openPair(old)).text).toContain('Vote now.');
  expect((await openPair(recent)).text).toContain('1 vote</a> saved');
});

it('refuses to delete a vote that counts', async () => {
  const { browser, id } = await member(site);
  await send(browser, (await openPair(browser)).ballot, 'left').expect(303);
  await expect(site.db.deleteFrom('votes').where('voterId', '=', id).execute()).rejects.toThrow(
    'append-only',
  );
});

it('shows a new member no vote that they took back as a guest, and offers its pair again', async () => {
  const guest = visit(site);
  const first = await openPair(guest);
  await send(guest, first.ballot, 'left').expect(303);
  await guest.post('/vote/undo').expect(303);
  await register(guest);
  const page = read((await guest.get('/profile/votes').expect(200)).text);
  expect(page('main').text()).not.toMatch(/Skipped|over/);
  const ask = await guest.get(`/profile`).expect(200);
  expect(ask.text).not.toContain('Skipped');
  const { id } = await site.db
    .selectFrom('users')
    .where('username', '=', `guest.no.${registered}`)
    .select('id')
    .executeTakeFirstOrThrow();
  expect(await ledgerOf(site, id)).toMatchObject([{ outcome: 'skip', withdrawnAt: expect.any(Date) }]);
});

it('says which answer counts when the pair was answered or withdrawn in another tab', async () => {
  const guest = visit(site);
  const [one, other] = [await openPair(guest), await openPair(guest)];
  await send(guest, one.ballot, 'left').expect(303);
  const second = await send(guest, other.ballot, 'right').expect(303);
  const page = read((await guest.get(second.headers.location ?? '')).text);
  expect(page('.receipt p').text()).toContain(`You already voted on this pair (you chose ${one.left} over`);
  const undo = String(page('.receipt [name=ballot]').val());
  for (let tab = 0; tab < 2; tab++) {
    const answer = await guest.post('/vote/undo').type('form').send({ ballot: undo }).expect(303);
    const { text } = await guest.get(answer.headers.location ?? '').expect(200);
    expect(read(text)('.receipt p').text()).toContain('Taken back');
  }
});

it('asks a guest who has voted on all of the day’s pairs to sign up, also on the front page', async () => {
  const { slug } = await topic(site, { slug: 'two', names: ['Tea', 'Coffee'] });
  const before = site.boards.default().topic.id;
  const asDefault = (id: number) =>
    site.db.transaction().execute(async (trx) => {
      await trx.updateTable('topics').set({ isDefault: false }).execute();
      await trx.updateTable('topics').set({ isDefault: true }).where('id', '=', id).execute();
    });
  await asDefault(site.boards.get(slug)?.topic.id ?? 0);
  await site.boards.refresh();
  const guest = visit(site);
  await vote(guest);
  const front = read((await guest.get('/').expect(200)).text);
  expect(front('.choice')).toHaveLength(0);
  expect(front('main').text()).toContain('Sign up to count your 1 vote');
  await asDefault(before);
  await site.boards.refresh();
});

it('shows a guest no thing that they do not know', async () => {
  const guest = visit(site);
  let unknown = '';
  for (let pair = 0; pair < 12; pair++) {
    const { ballot, left, right } = await openPair(guest);
    if (!ballot) break;
    expect([left, right]).not.toContain(unknown);
    unknown ||= left;
    await send(guest, ballot, pair === 0 ? 'unknown-left' : 'tie').expect(303);
  }
});

it('asks a member who logged out to log in again, and takes no guest vote', async () => {
  const { browser, id } = await member(site);
  const { ballot } = await openPair(browser);
  await browser.post('/logout').expect(303);
  const answer = await send(browser, ballot, 'left').expect(303);
  expect(answer.headers.location).toBe('/login');
  expect(await votesOf(site, id)).toEqual([]);
});

it('ignores a cookie that it did not sign', async () => {
  const guest = visit(site);
  await send(guest, (await openPair(guest)).ballot, 'left').expect(303);
  const { id } = await site.db
    .selectFrom('voters')
    .where('kind', '=', 'guest')
    .select('id')
    .executeTakeFirstOrThrow();
  for (const value of [`${id}`, `${id}.forged`, 'junk', '%00', 's:'])
    expect((await visit(site).get('/vote').set('Cookie', `guest=${value}`).expect(200)).text).toContain(
      'Vote now.',
    );
});

it('tells a guest what was wrong, and shows the pair again', async () => {
  const guest = visit(site);
  const { ballot, left } = await openPair(guest);
  const answer = await send(guest, ballot, 'both').expect(422);
  expect(pairOn(answer.text).left).toBe(left);
  expect(read((await send(guest, 'x', 'left').expect(422)).text)('.receipt').text()).toContain(
    'didn’t go through',
  );
});
