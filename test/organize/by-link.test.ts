import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { closeForVotes } from '../../src/catalog/change-phase.js';
import { purgeGuests } from '../../src/voting/guests.js';
import { type Browser, ledgerOf, member, pairOn, read, useSite, visit, vote } from '../site.js';
import { type MadeTopic, makeTopic } from './topics.js';

const site = useSite();

async function ballotsOf(browser: Browser, { path }: MadeTopic, count: number): Promise<string[]> {
  const pairs: string[] = [];
  for (let votes = 0; votes < count; votes++) {
    const { left, right } = await vote(browser, 'left', `${path}/vote`);
    pairs.push([left, right].sort().join());
  }
  return pairs;
}

const votesOn = (topic: MadeTopic): number => site.boards.byTopic(topic.id)?.votes ?? 0;

const guestOf = async (topic: MadeTopic): Promise<number> => {
  const { voterId } = await site.db
    .selectFrom('votes')
    .where('topicId', '=', topic.id)
    .select('voterId')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  return voterId ?? 0;
};

it('counts the votes of guests at once, and says so', async () => {
  const topic = await makeTopic(site);
  const guest = visit(site);
  const before = read((await guest.get(`${topic.path}/vote`).expect(200)).text);
  expect(before('.progress').text()).toContain('Your votes count.');
  const { ballot } = pairOn((await guest.get(`${topic.path}/vote`)).text);
  const answer = await guest
    .post(`${topic.path}/vote`)
    .type('form')
    .send({ ballot, choice: 'left' })
    .expect(303);
  const page = read((await guest.get(String(answer.headers.location)).expect(200)).text);
  expect(page('.receipt').text()).toContain('Counted: you chose');
  expect(page('.progress').text()).toMatch(/Your votes count\.\s+1 vote so far/);
  await site.rank();
  expect(votesOn(topic)).toBe(1);
  expect((await guest.get('/guest').expect(200)).text).toContain('These votes count.');
});

it('counts each pair once, and takes a vote back', async () => {
  const topic = await makeTopic(site, { things: 3 });
  const guest = visit(site);
  const first = pairOn((await guest.get(`${topic.path}/vote`)).text);
  for (const choice of ['left', 'right'])
    await guest.post(`${topic.path}/vote`).type('form').send({ ballot: first.ballot, choice }).expect(303);
  await site.rank();
  expect(votesOn(topic)).toBe(1);
  await guest.post('/vote/undo').expect(303);
  await site.rank();
  expect(votesOn(topic)).toBe(0);
  const again = pairOn((await guest.get(`${topic.path}/vote`)).text);
  expect([again.left, again.right]).toEqual([first.left, first.right]);
});

it('gives each guest pairs of their own, through all pairs', async () => {
  const topic = await makeTopic(site, { things: 8 });
  const [one, other] = [visit(site), visit(site)];
  const pairs = [await ballotsOf(one, topic, 28), await ballotsOf(other, topic, 28)];
  for (const all of pairs) expect(new Set(all).size).toBe(28);
  expect(pairs[0]).not.toEqual(pairs[1]);
  const end = read((await one.get(`${topic.path}/vote`).expect(200)).text);
  expect(end('h2').first().text()).toBe('You’ve voted on every pair');
});

it('shows the first pair again until it is answered', async () => {
  const topic = await makeTopic(site, { things: 12 });
  const guest = visit(site);
  const looks = await Promise.all(
    Array.from({ length: 4 }, async () => pairOn((await guest.get(`${topic.path}/vote`)).text)),
  );
  expect(new Set(looks.map(({ left, right }) => `${left} ${right}`)).size).toBe(1);
});

it('counts votes once when a guest signs up', async () => {
  const topic = await makeTopic(site, { things: 4 });
  const guest = visit(site);
  await ballotsOf(guest, topic, 4);
  const guestId = await guestOf(topic);
  const copy = (await guest.get('/guest')).request.get('Cookie') as string | undefined;
  await site.rank();
  expect(votesOn(topic)).toBe(4);
  const form = { username: 'by.link.once', password: 'a long enough phrase' };
  await guest.post('/register').type('form').send(form).expect(303);
  await site.rank();
  expect(votesOn(topic)).toBe(4);
  const { id } = await site.db
    .selectFrom('users')
    .where('username', '=', form.username)
    .select('id')
    .executeTakeFirstOrThrow();
  const own = await ledgerOf(site, id);
  expect(own).toHaveLength(4);
  const old = await ledgerOf(site, guestId);
  expect(old.map(({ withdrawnAt }) => withdrawnAt !== null)).toEqual([true, true, true, true]);
  // A copy of the cookie votes for nobody.
  const { kind } = await site.db
    .selectFrom('voters')
    .where('id', '=', guestId)
    .select('kind')
    .executeTakeFirstOrThrow();
  expect(kind).toBe('former');
  const page = await visit(site)
    .get(`${topic.path}/vote`)
    .set('Cookie', copy ?? '');
  expect(page.text).not.toContain('so far');
});

it('keeps the answer of the member to a pair that the guest answered too', async () => {
  const topic = await makeTopic(site, { things: 2 });
  const [person, guest] = [await member(site), visit(site)];
  await vote(person.browser, 'left', `${topic.path}/vote`);
  await vote(guest, 'right', `${topic.path}/vote`);
  await site.rank();
  expect(votesOn(topic)).toBe(2);
  const { username, password } = person;
  await guest.post('/login').type('form').send({ username, password }).expect(303);
  await site.rank();
  expect(votesOn(topic)).toBe(1);
});

it('says that votes no longer count when their topic has closed', async () => {
  const topic = await makeTopic(site, { access: 'public', title: 'Broth' });
  const guest = visit(site);
  await vote(guest, 'left', `${topic.path}/vote`);
  await closeForVotes(site.db, { topicId: topic.id, userId: null });
  const form = { username: 'too.late.here', password: 'a long enough phrase' };
  const { headers } = await guest.post('/register').type('form').send(form).expect(303);
  const page = read((await guest.get(String(headers.location)).expect(200)).text);
  expect(page('.flash').text()).toContain('None of your guest votes could be counted');
  await site.rank();
  expect(votesOn(topic)).toBe(0);
});

it('withdraws the votes of a guest who deletes them', async () => {
  const topic = await makeTopic(site);
  const guest = visit(site);
  await ballotsOf(guest, topic, 3);
  await site.rank();
  expect(votesOn(topic)).toBe(3);
  await guest.post('/guest/delete').expect(303);
  await site.rank();
  expect(votesOn(topic)).toBe(0);
  expect((await guest.get('/guest')).text).toContain('No votes yet');
});

it('deletes no vote that counted, however old its guest is', async () => {
  const topic = await makeTopic(site);
  const open = await makeTopic(site, { access: 'public', title: 'Soup' });
  const guest = visit(site);
  await ballotsOf(guest, topic, 2);
  await ballotsOf(guest, open, 2);
  const id = await guestOf(topic);
  await sql`update voters set created_at = now() - interval '40 days' where id = ${id}`.execute(site.db);
  await sql`alter table votes disable trigger votes_only_withdraw`.execute(site.db);
  await sql`update votes set created_at = now() - interval '40 days' where voter_id = ${id}`.execute(site.db);
  await sql`alter table votes enable trigger votes_only_withdraw`.execute(site.db);
  await purgeGuests(site.db);
  const left = await site.db
    .selectFrom('votes')
    .where('voterId', '=', id)
    .select(['topicId', 'withdrawnAt'])
    .execute();
  expect(left).toEqual([1, 2].map(() => ({ topicId: topic.id, withdrawnAt: null })));
  await site.rank();
  expect(votesOn(topic)).toBe(2);
});

it('tells how many votes are asked for', async () => {
  const topic = await makeTopic(site, { things: 8 });
  await site.db.updateTable('topics').set({ votesEach: 20 }).where('id', '=', topic.id).execute();
  await site.boards.refresh();
  const [guest, { browser }] = [visit(site), await member(site)];
  for (const voter of [guest, browser]) {
    for (let votes = 0; votes < 2; votes++) await vote(voter, 'left', `${topic.path}/vote`);
    const page = read((await voter.get(`${topic.path}/vote`).expect(200)).text);
    expect(page('.progress').text().replace(/\s+/g, ' ')).toMatch(/2 (votes )?of about 20/);
  }
});
