import { expect, it } from 'vitest';
import { invited, type MadeTopic, makeTopic, reload, setThings } from '../organize/topics.js';
import { type Browser, member, pairOn, read, useSite, visit, vote, votesOf } from '../site.js';

const site = useSite();

const pageOf = async (browser: Browser, { path }: MadeTopic, query = ''): Promise<string> =>
  (await browser.get(`${path}/vote${query}`).expect(200)).text;

/** Votes until there is no pair left. @returns the names of all things that were shown */
async function seenBy(browser: Browser, topic: MadeTopic): Promise<Set<string>> {
  const seen = new Set<string>();
  for (;;) {
    const { ballot, left, right } = pairOn(await pageOf(browser, topic));
    if (ballot === '') return seen;
    for (const name of [left, right]) seen.add(name);
    await browser.post(`${topic.path}/vote`).type('form').send({ ballot, choice: 'left' }).expect(303);
  }
}

const namesWithout = (count: number, ...own: number[]): string[] =>
  Array.from({ length: count }, (_, index) => index + 1)
    .filter((number) => !own.includes(number))
    .map((number) => `Lunch Thing ${number}`);

it('never shows the things of a voter’s team, whatever the case and spaces of its name', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 5 });
  await setThings(site, topic, { 1: { team: 'Team  BLUE' }, 2: { team: 'Teamblue' }, 3: { team: 'Red' } });
  const { browser } = await invited(site, topic, { line: 'Mina, team blue' });
  expect([...(await seenBy(browser, topic))].sort()).toEqual(namesWithout(5, 1, 2));
  expect(await pageOf(browser, topic)).toContain('You’ve voted on every pair');
  const other = await invited(site, topic, { line: 'Ben' });
  expect((await seenBy(other.browser, topic)).size).toBe(5);
});

it('never shows what the voter has proposed, also after they sign up', async () => {
  const topic = await makeTopic(site, { things: 3 });
  await site.db.updateTable('topics').set({ takesSuggestions: true }).where('id', '=', topic.id).execute();
  await reload(site);
  const guest = visit(site);
  await vote(guest, 'left', `${topic.path}/vote`);
  await guest.post(`${topic.path}/suggest`).type('form').send({ name: 'Soup' }).expect(303);
  const { id } = await site.db
    .selectFrom('suggestions')
    .where('name', '=', 'Soup')
    .select('id')
    .executeTakeFirstOrThrow();
  const form = { name: 'Soup', description: '', link: '', action: 'accept' };
  const review = topic.owner.browser.post(`${topic.path}/manage/review/suggestions/${id}`);
  await review.type('form').send(form).expect(303);
  await site.boards.refresh();
  expect(site.boards.byTopic(topic.id)?.size).toBe(4);
  const account = { username: 'proposer', password: 'a long enough phrase' };
  await guest.post('/register').type('form').send(account).expect(303);
  await site.boards.refresh();
  const soup = site.boards.byTopic(topic.id)?.standings.find(({ name }) => name === 'Soup');
  const asked = await pageOf(guest, topic, `?with=${soup?.id}`);
  expect(pairOn(asked).left).not.toBe('Soup');
  expect(asked).toContain('is your own work');
  expect(await seenBy(guest, topic)).not.toContain('Soup');
  expect(await seenBy((await member(site)).browser, topic)).toContain('Soup');
});

it('takes a pair from the queue, and refuses its ballot, when the team changes while it is shown', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 6 });
  const { browser, voterId } = await invited(site, topic, { line: 'Mina, Blue' });
  await vote(browser, 'left', `${topic.path}/vote`);
  const shown = pairOn(await pageOf(browser, topic));
  const number = Number(shown.left.split(' ').at(-1));
  const setTeam = (team: string) =>
    site.db
      .updateTable('things')
      .set({ team })
      .where('topicId', '=', topic.id)
      .where('name', '=', shown.left)
      .execute();
  await setTeam('blue');
  // Another process may not know it yet, but the statement that writes the vote does.
  const form = { ballot: shown.ballot, choice: 'left' };
  const refused = await browser.post(`${topic.path}/vote`).type('form').send(form).expect(422);
  expect(refused.text).toContain('One of the two is your own work');
  expect(await votesOf(site, voterId)).toHaveLength(1);
  await reload(site);
  expect(Object.values(pairOn(await pageOf(browser, topic)))).not.toContain(shown.left);
  expect(await seenBy(browser, topic)).not.toContain(`Lunch Thing ${number}`);
});

it('follows the team of a voter while their queue stands', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 6 });
  await setThings(site, topic, { 1: { team: 'Blue' }, 2: { team: 'Red' } });
  const { browser, voterId } = await invited(site, topic, { line: 'Mina, Blue' });
  const own = async (team: string): Promise<string[]> => {
    await site.db.updateTable('invitations').set({ team }).where('voterId', '=', voterId).execute();
    await site.boards.refresh();
    const seen = new Set<string>();
    for (let votes = 0; votes < 2; votes++) {
      const { left, right } = await vote(browser, 'left', `${topic.path}/vote`);
      seen.add(left).add(right);
    }
    return [...seen];
  };
  expect(await own('Red')).not.toContain('Lunch Thing 2');
  expect(await own('BLUE')).not.toContain('Lunch Thing 1');
});

it('neither undoes, changes nor brings along a vote so that own work is shown again', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 5 });
  const { browser, id } = await member(site);
  await invited(site, topic, { line: 'Mina', browser });
  const { left } = await vote(browser, 'left', `${topic.path}/vote`);
  await setThings(site, topic, { [Number(left.split(' ').at(-1))]: { team: 'Blue' } });
  await site.db.updateTable('invitations').set({ team: 'Blue' }).where('voterId', '=', id).execute();
  await site.boards.refresh();
  const [cast] = await votesOf(site, id);
  await browser.get(`/profile/votes/${cast?.ballotId}/change`).expect(410);
  expect((await browser.get('/profile/votes')).text).not.toContain(`${cast?.ballotId}/change`);
  const { text } = await browser.post('/vote/undo').redirects(1).expect(200);
  expect(Object.values(pairOn(text))).not.toContain(left);
});

it('tells organisers how own work thins the pairs', async () => {
  const topic = await makeTopic(site, { access: 'invited', things: 5 });
  await setThings(site, topic, { 1: { team: 'Blue' }, 2: { team: 'blue ' } });
  await invited(site, topic, { line: 'Mina, Blue' });
  await invited(site, topic, { line: 'Ben' });
  const { text } = await topic.owner.browser.get(`${topic.path}/manage/voters`).expect(200);
  const sentence = read(text)('#own-work').text().replace(/\s+/g, ' ').trim();
  expect(sentence).toBe(
    'Nobody votes on their own work. 1 of 2 voters skips up to 7 of 10 pairs for it. Nobody has fewer than 3 left.',
  );
});
