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
} from '../site.js';

const site = useSite();

beforeAll(() => topic(site, { names: thingNames(12) }));

beforeEach(async () => {
  await site.db.deleteFrom('votes').where('provisional', '=', true).execute();
  await site.db.deleteFrom('voters').where('kind', '=', 'guest').execute();
});

const ledger = (voter: number) => ledgerOf(site, voter);

async function guestsIn(): Promise<number> {
  const guests = await site.db.selectFrom('voters').where('kind', '=', 'guest').select('id').execute();
  return guests.length;
}

let registered = 0;
async function register(browser: Browser): Promise<void> {
  const form = { username: `guest.no.${++registered}`, password: 'a long enough phrase' };
  await browser.post('/register').type('form').send(form).expect(303);
}

const send = (browser: Browser, ballot: string, choice: string, path = '/vote') =>
  browser.post(path).type('form').send({ ballot, choice });

const logIn = (browser: Browser, { username, password }: { username: string; password: string }) =>
  browser.post('/login').type('form').send({ username, password }).expect(303);

async function pages(
  browser: Browser,
): Promise<{ left: string; right: string; ballot: string; text: string }> {
  const { text } = await browser.get('/vote').expect(200);
  return { ...pairOn(text), text };
}

it('lets guests vote right away, and keeps their votes for them alone', async () => {
  const guest = visit(site);
  const pair = await pages(guest);
  const answer = await send(guest, pair.ballot, 'left').expect(303);
  const next = read((await guest.get(answer.headers.location ?? '').expect(200)).text);
  expect(next('.receipt p').text()).toContain(`Kept for you: you chose ${pair.left} over ${pair.right}`);
  expect(next('.progress').text()).toContain('1 vote kept for you');
  expect((await pages(visit(site))).text).not.toContain('kept for you.');
});

it('moves no board by the votes of guests until they register', async () => {
  const before = site.boards.default().votes;
  const guest = visit(site);
  for (let vote = 0; vote < 3; vote++) await send(guest, (await pages(guest)).ballot, 'left').expect(303);
  await site.rank();
  expect(site.boards.default().votes).toBe(before);
  await register(guest);
  await site.rank();
  expect(site.boards.default().votes).toBe(before + 3);
});

it('says how many others agree with a guest, and nothing of a movement that does not happen', async () => {
  const guest = visit(site);
  const pair = await pages(guest);
  const things = await site.db.selectFrom('things').select(['id', 'name', 'topicId']).execute();
  const [left, right] = [pair.left, pair.right].map((name) => things.find((one) => one.name === name));
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
  expect(read(answer.text)('.effect').text()).toMatch(/^\d+ of 1\d others say the same\.$/);
});

it('sets no cookie before the first vote, and an httpOnly one then', async () => {
  const guest = visit(site);
  const page = await guest.get('/vote').expect(200);
  expect(page.headers['set-cookie']).toBeUndefined();
  const { headers } = await send(guest, pairOn(page.text).ballot, 'tie').expect(303);
  expect(headers['set-cookie']?.[0]).toMatch(/^guest=.*HttpOnly; SameSite=Lax/);
});

it('asks the first of them on the front page', async () => {
  const guest = visit(site);
  const front = read((await guest.get('/').expect(200)).text);
  const ballot = String(front('.taste [name=ballot]').val());
  const first = front('.taste .name').first().text();
  const answer = await send(guest, ballot, 'left').expect(303);
  expect((await guest.get(answer.headers.location ?? '')).text).toContain(`you chose ${first} over`);
  const later = read((await guest.get('/')).text);
  expect([later('.taste').length, later('.hero .button').first().text()]).toEqual([0, 'Go on voting']);
});

it('brings htmx the next pair in the same round trip', async () => {
  const guest = visit(site);
  const { ballot, left } = await pages(guest);
  const answer = await send(guest, ballot, 'left').set(HTMX).expect(200);
  expect(read(answer.text)('.receipt p').text()).toContain(`you chose ${left}`);
  expect(pairOn(answer.text).ballot).not.toBe('');
});

it('counts a ballot once, however often it is sent, and takes it back', async () => {
  const guest = visit(site);
  const first = await pages(guest);
  for (const choice of ['left', 'right']) await send(guest, first.ballot, choice).expect(303);
  expect((await pages(guest)).text).toContain('1 vote</a> kept for you');
  await guest.post('/vote/undo').expect(303);
  const again = await pages(guest);
  expect([again.left, again.right]).toEqual([first.left, first.right]);
  expect(again.text).toContain('Just choose');
});

it('shows every guest the same pairs, so that nobody can pick, and no more than twenty', async () => {
  const [one, other] = [visit(site), visit(site)];
  for (let pair = 0; pair < 20; pair++) {
    const [mine, theirs] = [await pages(one), await pages(other)];
    expect([mine.left, mine.right]).toEqual([theirs.left, theirs.right]);
    await send(one, mine.ballot, 'left').expect(303);
    await send(other, theirs.ballot, pair % 2 ? 'skip' : 'right').expect(303);
  }
  const { text } = await one.get('/vote').expect(200);
  expect(read(text)('h2').first().text()).toBe('Those were today’s pairs for guests');
  expect(read(text)('main a[href^="/register"]').length).toBeGreaterThan(0);
});

it('counts the votes when their guest registers', async () => {
  const guest = visit(site);
  const chosen: string[] = [];
  for (const choice of ['left', 'right', 'unknown-left'] as const) {
    const pair = await pages(guest);
    chosen.push(`${pair.left} ${pair.right}`);
    await send(guest, pair.ballot, choice).expect(303);
  }
  const form = { username: 'once.a.guest', password: 'a long enough phrase' };
  const answer = await guest.post('/register').type('form').send(form).expect(303);
  const page = read((await guest.get(answer.headers.location ?? '').expect(200)).text);
  expect(page('.flash').text()).toContain('the votes you cast before count now');
  const { id } = await site.db
    .selectFrom('users')
    .where('username', '=', form.username)
    .select('id')
    .executeTakeFirstOrThrow();
  expect(await ledger(id)).toMatchObject([
    { outcome: 'left', weight: 1 },
    { outcome: 'right', weight: 1 },
    { outcome: 'skip', unknown: 'left' },
  ]);
  // Nothing of the guest is left.
  expect(await site.db.selectFrom('votes').where('provisional', '=', true).selectAll().execute()).toEqual([]);
  await guest.post('/logout').expect(303);
  expect((await pages(guest)).text).toContain('Just choose');
});

it('counts them once, whoever logs in with a copy of them', async () => {
  const guest = visit(site);
  const { ballot } = await pages(guest);
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
  expect([await ledger(one.id), await ledger(other.id)].map((votes) => votes.length)).toEqual([1, 0]);
});

it('leaves the earlier answer where the person had answered the pair before', async () => {
  const person = await member(site);
  const guest = visit(site);
  const first = await pages(guest);
  await send(guest, first.ballot, 'left').expect(303);
  const things = await site.db.selectFrom('things').select(['id', 'name', 'topicId']).execute();
  const thing = (name: string) => things.find((one) => one.name === name) ?? expect.fail();
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
  expect(await ledger(person.id)).toMatchObject([{ outcome: 'left', leftId: right.id }]);
  expect((await guest.get('/vote')).text).toContain('you had answered those pairs already');
});

it('gives whoever logged in meanwhile a pair of their own, and says so', async () => {
  const person = await member(site);
  const guest = visit(site);
  const { ballot } = await pages(guest);
  await logIn(guest, person);
  const answer = await send(guest, ballot, 'right').expect(422);
  expect(read(answer.text)('.receipt p').text()).toContain('you have logged in since');
  expect(await ledger(person.id)).toEqual([]);
});

it('takes no pair of another guest, so that none is picked out', async () => {
  const [scout, guest] = [visit(site), visit(site)];
  for (let pair = 0; pair < 3; pair++) await send(scout, (await pages(scout)).ballot, 'skip').expect(303);
  const { ballot } = await pages(scout);
  for (const own of ['a guest who has not voted', 'a guest who has']) {
    const picked = await send(guest, ballot, 'left').expect(422);
    expect(read(picked.text)('.receipt p').text(), own).toContain('shown to someone else');
    await send(guest, (await pages(guest)).ballot, 'left').expect(303);
  }
});

it('knows a guest again whose first answer was lost on the way', async () => {
  const { ballot, left } = await pages(visit(site));
  const guest = visit(site);
  await send(visit(site), ballot, 'left').expect(303);
  const answer = await send(guest, ballot, 'left').expect(303);
  const { text } = await guest.get(answer.headers.location ?? '').expect(200);
  expect(read(text)('.receipt p').text()).toContain(`Kept for you: you chose ${left} over`);
  expect(await guestsIn()).toBe(1);
});

it('refuses the cookie of a guest whose votes were taken over', async () => {
  const guest = visit(site);
  const { ballot } = await pages(guest);
  const { headers } = await send(guest, ballot, 'left').expect(303);
  const copy = String(headers['set-cookie']?.[0]).split(';')[0] ?? '';
  const next = (await pages(guest)).ballot;
  await register(guest);
  const page = await visit(site).get('/vote').set('Cookie', copy).expect(200);
  expect(page.text).toContain('Just choose');
  const refused = await send(visit(site), next, 'left').set('Cookie', copy).expect(422);
  expect(read(refused.text)('.receipt p').text()).toContain('Nothing was counted');
});

it('counts a vote that is cast while its guest logs in', async () => {
  const person = await member(site);
  const guest = visit(site);
  await send(guest, (await pages(guest)).ballot, 'left').expect(303);
  const { ballot } = await pages(guest);
  const [cast] = await Promise.all([send(guest, ballot, 'left'), logIn(guest, person)]);
  // It is kept and counts, or it is refused: nothing is lost without a word.
  expect([303, 422]).toContain(cast.status);
  if (cast.status === 303) expect(cast.headers.location).toContain('?voted=');
  else expect(read(cast.text)('.receipt p').text()).toContain('Nothing was counted');
  expect(await ledger(person.id)).toHaveLength(cast.status === 303 ? 2 : 1);
  expect(await site.db.selectFrom('votes').where('provisional', '=', true).selectAll().execute()).toEqual([]);
});

it('lets guests see their votes, take one back, and delete all of them', async () => {
  const guest = visit(site);
  expect((await guest.get('/guest').expect(200)).text).toContain('no votes of yours');
  const chosen: string[] = [];
  for (let vote = 0; vote < 2; vote++) {
    const { ballot, left } = await pages(guest);
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
  expect((await guest.get(gone.headers.location ?? '')).text).toContain('no votes of yours');
  expect(await guestsIn()).toBe(0);
});

it('deletes guests who have not voted for thirty days, and nobody else', async () => {
  const [old, recent] = [visit(site), visit(site)];
  for (const guest of [old, recent]) await send(guest, (await pages(guest)).ballot, 'left').expect(303);
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
  expect((await pages(old)).text).toContain('Just choose');
  expect((await pages(recent)).text).toContain('1 vote</a> kept for you');
});

it('refuses to delete a vote that counts', async () => {
  const { browser, id } = await member(site);
  await send(browser, (await pages(browser)).ballot, 'left').expect(303);
  await expect(site.db.deleteFrom('votes').where('voterId', '=', id).execute()).rejects.toThrow(
    'append-only',
  );
});

it('says what stands when a pair was answered in another tab, or an answer taken back there', async () => {
  const guest = visit(site);
  const [one, other] = [await pages(guest), await pages(guest)];
  await send(guest, one.ballot, 'left').expect(303);
  const second = await send(guest, other.ballot, 'right').expect(303);
  const page = read((await guest.get(second.headers.location ?? '')).text);
  expect(page('.receipt p').text()).toContain(
    `You had answered this pair before (you chose ${one.left} over`,
  );
  const undo = String(page('.receipt [name=ballot]').val());
  for (let tab = 0; tab < 2; tab++) {
    const answer = await guest.post('/vote/undo').type('form').send({ ballot: undo }).expect(303);
    const { text } = await guest.get(answer.headers.location ?? '').expect(200);
    expect(read(text)('.receipt p').text()).toContain('Taken back');
  }
});

it('passes over what a guest doesn’t know', async () => {
  const guest = visit(site);
  let unknown = '';
  for (let pair = 0; pair < 12; pair++) {
    const { ballot, left, right } = await pages(guest);
    if (!ballot) break;
    expect([left, right]).not.toContain(unknown);
    unknown ||= left;
    await send(guest, ballot, pair === 0 ? 'unknown-left' : 'tie').expect(303);
  }
});

it('asks whoever was logged in to do so again, and not to vote as a guest', async () => {
  const { browser, id } = await member(site);
  const { ballot } = await pages(browser);
  await browser.post('/logout').expect(303);
  const answer = await send(browser, ballot, 'left').expect(303);
  expect(answer.headers.location).toBe('/login');
  expect(await ledger(id)).toEqual([]);
});

it('believes no cookie that it did not sign', async () => {
  const guest = visit(site);
  await send(guest, (await pages(guest)).ballot, 'left').expect(303);
  const { id } = await site.db
    .selectFrom('voters')
    .where('kind', '=', 'guest')
    .select('id')
    .executeTakeFirstOrThrow();
  for (const value of [`${id}`, `${id}.forged`, 'junk', '%00', 's:'])
    expect((await visit(site).get('/vote').set('Cookie', `guest=${value}`).expect(200)).text).toContain(
      'Just choose',
    );
});

it('tells a guest what was wrong, and keeps the pair', async () => {
  const guest = visit(site);
  const { ballot, left } = await pages(guest);
  const answer = await send(guest, ballot, 'both').expect(422);
  expect(pairOn(answer.text).left).toBe(left);
  expect(read((await send(guest, 'x', 'left').expect(422)).text)('.receipt').text()).toContain(
    'could not be read',
  );
});
