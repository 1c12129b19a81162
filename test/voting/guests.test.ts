import { beforeAll, expect, it } from 'vitest';
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

const ledger = (voter: number) => ledgerOf(site, voter);

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

it('lets a visitor vote right away, and keeps the votes for them alone', async () => {
  const visitor = visit(site);
  const pair = await pages(visitor);
  const answer = await send(visitor, pair.ballot, 'left').expect(303);
  const next = read((await visitor.get(answer.headers.location ?? '').expect(200)).text);
  expect(next('.receipt p').text()).toContain(`Kept for you: you chose ${pair.left} over ${pair.right}`);
  expect(next('.progress').text()).toContain('1 answer of 20 waits for you');
  expect(await site.db.selectFrom('votes').selectAll().execute()).toEqual([]);
  expect((await pages(visit(site))).text).not.toContain('waits for you');
});

it('sets no cookie before the first vote, and an httpOnly one then', async () => {
  const visitor = visit(site);
  const page = await visitor.get('/vote').expect(200);
  expect(page.headers['set-cookie']).toBeUndefined();
  const { headers } = await send(visitor, pairOn(page.text).ballot, 'tie').expect(303);
  expect(headers['set-cookie']?.[0]).toMatch(/^guest=.*HttpOnly; SameSite=Lax/);
});

it('asks the first of them on the front page', async () => {
  const visitor = visit(site);
  const front = read((await visitor.get('/').expect(200)).text);
  const ballot = String(front('.taste [name=ballot]').val());
  const first = front('.taste .name').first().text();
  const answer = await send(visitor, ballot, 'left').expect(303);
  expect((await visitor.get(answer.headers.location ?? '')).text).toContain(`you chose ${first} over`);
  expect(
    read((await visitor.get('/')).text)('.taste .name')
      .first()
      .text(),
  ).not.toBe('');
});

it('brings htmx the next pair in the same round trip', async () => {
  const visitor = visit(site);
  const { ballot, left } = await pages(visitor);
  const answer = await send(visitor, ballot, 'left').set(HTMX).expect(200);
  expect(read(answer.text)('.receipt p').text()).toContain(`you chose ${left}`);
  expect(pairOn(answer.text).ballot).not.toBe('');
});

it('counts a ballot once, however often it is sent, and takes it back', async () => {
  const visitor = visit(site);
  const first = await pages(visitor);
  for (const choice of ['left', 'right']) await send(visitor, first.ballot, choice).expect(303);
  expect((await pages(visitor)).text).toContain('1 answer</strong> of 20');
  await visitor.post('/vote/undo').expect(303);
  const again = await pages(visitor);
  expect([again.left, again.right]).toEqual([first.left, first.right]);
  expect(again.text).toContain('Just choose');
});

it('shows every visitor the same pairs, so that nobody can pick, and no more than twenty', async () => {
  const [one, other] = [visit(site), visit(site)];
  for (let pair = 0; pair < 20; pair++) {
    const [mine, theirs] = [await pages(one), await pages(other)];
    expect([mine.left, mine.right]).toEqual([theirs.left, theirs.right]);
    await send(one, mine.ballot, 'left').expect(303);
    await send(other, theirs.ballot, pair % 2 ? 'skip' : 'right').expect(303);
  }
  const { text } = await one.get('/vote').expect(200);
  expect(read(text)('h2').first().text()).toBe('You have given your 20 answers');
  expect(read(text)('main a[href^="/register"]').length).toBeGreaterThan(0);
});

it('counts the votes when their visitor registers', async () => {
  const visitor = visit(site);
  const chosen: string[] = [];
  for (const choice of ['left', 'right', 'unknown-left'] as const) {
    const pair = await pages(visitor);
    chosen.push(`${pair.left} ${pair.right}`);
    await send(visitor, pair.ballot, choice).expect(303);
  }
  const form = { username: 'once.a.guest', password: 'a long enough phrase' };
  const answer = await visitor.post('/register').type('form').send(form).expect(303);
  const page = read((await visitor.get(answer.headers.location ?? '').expect(200)).text);
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
  // They count once: the cookie is gone, and a copy of it brings nothing more.
  await visitor.post('/logout').expect(303);
  expect((await pages(visitor)).text).toContain('Just choose');
});

it('counts them once, whoever logs in with a copy of them', async () => {
  const visitor = visit(site);
  const { ballot } = await pages(visitor);
  const { headers } = await send(visitor, ballot, 'left').expect(303);
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
  const visitor = visit(site);
  const first = await pages(visitor);
  await send(visitor, first.ballot, 'left').expect(303);
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
  await logIn(visitor, person);
  expect(await ledger(person.id)).toMatchObject([{ outcome: 'left', leftId: right.id }]);
  expect((await visitor.get('/vote')).text).toContain('had been counted, or their pairs answered, already');
});

it('gives whoever logged in meanwhile a pair of their own, and says so', async () => {
  const person = await member(site);
  const visitor = visit(site);
  const { ballot } = await pages(visitor);
  await logIn(visitor, person);
  const answer = await send(visitor, ballot, 'right').expect(422);
  expect(read(answer.text)('.receipt p').text()).toContain('you have logged in since');
  expect(await ledger(person.id)).toEqual([]);
});

it('takes the answers of visitors in their turn only, so that none is picked out', async () => {
  const [scout, visitor] = [visit(site), visit(site)];
  const ballots: string[] = [];
  for (let pair = 0; pair < 4; pair++) {
    const { ballot } = await pages(scout);
    ballots.push(ballot);
    await send(scout, ballot, 'skip').expect(303);
  }
  const picked = await send(visitor, ballots[3] ?? '', 'left').expect(422);
  expect(read(picked.text)('.receipt p').text()).toContain('in their turn');
  await send(visitor, ballots[0] ?? '', 'left').expect(303);
  await send(visitor, ballots[1] ?? '', 'left').expect(303);
  expect((await pages(visitor)).text).toContain('2 answers</strong> of 20');
});

it('says what stands when a pair was answered in another tab, or an answer taken back there', async () => {
  const visitor = visit(site);
  const [one, other] = [await pages(visitor), await pages(visitor)];
  await send(visitor, one.ballot, 'left').expect(303);
  const second = await send(visitor, other.ballot, 'right').expect(303);
  const page = read((await visitor.get(second.headers.location ?? '')).text);
  expect(page('.receipt p').text()).toContain(
    `You had answered this pair before (you chose ${one.left} over`,
  );
  const undo = String(page('.receipt [name=ballot]').val());
  for (let tab = 0; tab < 2; tab++) {
    const answer = await visitor.post('/vote/undo').type('form').send({ ballot: undo }).expect(303);
    const { text } = await visitor.get(answer.headers.location ?? '').expect(200);
    expect(read(text)('.receipt p').text()).toContain('Taken back');
  }
});

it('passes over what a visitor doesn’t know', async () => {
  const visitor = visit(site);
  let unknown = '';
  for (let pair = 0; pair < 12; pair++) {
    const { ballot, left, right } = await pages(visitor);
    if (!ballot) break;
    expect([left, right]).not.toContain(unknown);
    unknown ||= left;
    await send(visitor, ballot, pair === 0 ? 'unknown-left' : 'tie').expect(303);
  }
});

it('asks whoever was logged in to do so again, and not to vote as a visitor', async () => {
  const { browser, id } = await member(site);
  const { ballot } = await pages(browser);
  await browser.post('/logout').expect(303);
  const answer = await send(browser, ballot, 'left').expect(303);
  expect(answer.headers.location).toBe('/login');
  expect(await ledger(id)).toEqual([]);
});

it('believes no cookie that it did not sign', async () => {
  const rows = [[crypto.randomUUID(), 1, 1, 2, 'left']];
  const text = Buffer.from(JSON.stringify(rows)).toString('base64url');
  for (const value of [text, `${text}.forged`, 'junk', '%00', 's:'])
    expect((await visit(site).get('/vote').set('Cookie', `guest=${value}`).expect(200)).text).toContain(
      'Just choose',
    );
});

it('tells a visitor what was wrong, and keeps the pair', async () => {
  const visitor = visit(site);
  const { ballot, left } = await pages(visitor);
  const answer = await send(visitor, ballot, 'both').expect(422);
  expect(pairOn(answer.text).left).toBe(left);
  expect(read((await send(visitor, 'x', 'left').expect(422)).text)('.receipt').text()).toContain(
    'could not be read',
  );
});
