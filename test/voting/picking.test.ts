import { sql } from 'kysely';
import { expect, it } from 'vitest';
import {
  type Browser,
  itOnPostgres,
  itOnRedis,
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
  voteTimes,
  whileLocked,
} from '../site.js';

// Tests that nobody can choose the pairs that count in full.

const site = useSite();

interface Shown {
  ballot: string;
  left: string;
  right: string;
}

const ledger = (voter: number) => ledgerOf(site, voter);

const send = (browser: Browser, form: { ballot: string; choice: string }, path: string) =>
  browser.post(path).type('form').send(form);

const shown = async (browser: Browser, path: string): Promise<Shown> =>
  pairOn((await browser.get(path).expect(200)).text);

const things = ({ left, right }: { left: string; right: string }): string => [left, right].sort().join();

const undo = (browser: Browser, ballot = '') =>
  browser.post('/vote/undo').type('form').send({ ballot }).expect(303);

const withdraw = (browser: Browser, ballotId: string) =>
  browser.post(`/profile/votes/${ballotId}/withdraw`).expect(303);

/** A new ballot for an answered pair, from the page that changes an answer. */
async function ballotFor(browser: Browser, ballotId: string): Promise<string> {
  const page = read((await browser.get(`/profile/votes/${ballotId}/change`).expect(200)).text);
  return String(page('main [name=ballot]').val());
}

/** The address that asks for a pair with a thing. */
function askingFor(slug: string, name: string): string {
  const board = site.boards.get(slug) ?? expect.fail();
  const { id } = board.standings.find((standing) => standing.name === name) ?? expect.fail();
  return `/topics/${slug}/vote?with=${id}`;
}

it('shows the same pair after an earlier answer is withdrawn and given again', async () => {
  await topic(site, { slug: 'earlier', names: thingNames(40) });
  const path = '/topics/earlier/vote';
  const { browser, id } = await member(site);
  await voteTimes(browser, 4, { path });
  const front = things(await shown(browser, path));
  const seen = new Set([front]);
  for (let times = 0; times < 10; times++) {
    const first = (await votesOf(site, id)).find(({ withdrawnAt }) => !withdrawnAt) ?? expect.fail();
    const ballot = await ballotFor(browser, first.ballotId);
    await withdraw(browser, first.ballotId);
    await send(browser, { ballot, choice: 'left' }, path).expect(303);
    seen.add(things(await shown(browser, path)));
  }
  expect([...seen]).toEqual([front]);
});

it('lets nobody make up for skips by changing old answers', async () => {
  await topic(site, { slug: 'toggled', names: thingNames(60) });
  const path = '/topics/toggled/vote';
  const { browser, id } = await member(site);
  await voteTimes(browser, 20, { path });
  await voteTimes(browser, 15, { choice: 'skip', path });
  for (const { ballotId } of (await votesOf(site, id)).slice(0, 20)) {
    const ballot = await ballotFor(browser, ballotId);
    await send(browser, { ballot, choice: 'tie' }, `/profile/votes/${ballotId}/change`).expect(303);
  }
  await vote(browser, 'left', path);
  expect((await ledger(id)).at(-1)).toMatchObject({ reason: 'skipping' });
});

it('keeps the low weight of an answer that is withdrawn and given again much later', async () => {
  await topic(site, { slug: 'later', names: thingNames(60) });
  const path = '/topics/later/vote';
  const { browser, id } = await member(site);
  await voteTimes(browser, 16, { choice: 'skip', path });
  const { ballot } = await shown(browser, path);
  const { ballot: second } = await shown(browser, path);
  await send(browser, { ballot, choice: 'left' }, path).expect(303);
  const picked = (await ledger(id)).at(-1) ?? expect.fail();
  expect(picked.weight).toBeLessThan(0.1);
  await voteTimes(browser, 20, { path });
  await withdraw(browser, picked.ballotId);
  await send(browser, { ballot: second, choice: 'left' }, path).expect(303);
  const { leftId, rightId } = picked;
  const again = (await ledger(id)).at(-1);
  expect(again).toMatchObject({ leftId, rightId, reason: 'skipping' });
  expect(again?.weight).toBeLessThan(0.1);
});

it('does not count in full an answer to a pair that was skipped in a long run of skips', async () => {
  await topic(site, { slug: 'after-all', names: thingNames(60) });
  const path = '/topics/after-all/vote';
  const { browser, id } = await member(site);
  await voteTimes(browser, 16, { choice: 'skip', path });
  const [first, second] = [await shown(browser, path), await shown(browser, path)];
  await send(browser, { ballot: first.ballot, choice: 'skip' }, path).expect(303);
  const skipped = (await ledger(id)).at(-1) ?? expect.fail();
  await voteTimes(browser, 20, { path });
  await withdraw(browser, skipped.ballotId);
  await send(browser, { ballot: second.ballot, choice: 'left' }, path).expect(303);
  expect((await ledger(id)).at(-1)).toMatchObject({ leftId: skipped.leftId, reason: 'skipping' });
});

it('counts as skipped each pair that was left by marking one of its things as unknown for a moment', async () => {
  await topic(site, { slug: 'moment', names: thingNames(24) });
  const path = '/topics/moment/vote';
  const { browser, id } = await member(site);
  let passed = 0;
  for (let looks = 0; looks < 400 && passed < 6; looks++) {
    const front = await shown(browser, path);
    const others = thingNames(24).filter((name) => name !== front.left && name !== front.right);
    const address = askingFor('moment', others[looks % others.length] ?? '');
    const asked = await shown(browser, address);
    const side = [front.left, front.right].includes(asked.left) ? 'left' : 'right';
    if (![front.left, front.right].includes(asked[side])) {
      await send(browser, { ballot: asked.ballot, choice: 'left' }, path).expect(303);
      continue;
    }
    const again = await shown(browser, address);
    await send(browser, { ballot: asked.ballot, choice: `unknown-${side}` }, path).expect(303);
    const instead = await shown(browser, path);
    // Withdrawn, and then the pair that was asked for is answered, so no trace of the mark is left.
    await undo(browser, (await votesOf(site, id)).at(-1)?.ballotId);
    await send(browser, { ballot: again.ballot, choice: 'left' }, path).expect(303);
    if (!instead.ballot || things(instead) === things(front)) continue;
    await send(browser, { ballot: instead.ballot, choice: 'left' }, path).expect(303);
    passed++;
  }
  expect(passed).toBe(6);
  const last = (await ledger(id)).filter(({ strategy }) => strategy !== 'asked').at(-1);
  expect(last).toMatchObject({ outcome: 'left', reason: 'skipping' });
});

it('counts the skips of a guest who withdraws them before registering', async () => {
  await topic(site, { slug: 'deck', names: thingNames(40) });
  const path = '/topics/deck/vote';
  const browser = visit(site);
  const skipped: string[] = [];
  for (let pair = 0; pair < 12; pair++) {
    const { headers } = await send(
      browser,
      { ballot: (await shown(browser, path)).ballot, choice: 'skip' },
      path,
    ).expect(303);
    skipped.push(String(headers.location).split('voted=')[1] ?? '');
  }
  await send(browser, { ballot: (await shown(browser, path)).ballot, choice: 'left' }, path).expect(303);
  for (const ballot of skipped) await undo(browser, ballot);
  const form = { username: 'picky', password: 'a long enough phrase' };
  await browser.post('/register').type('form').send(form).expect(303);
  const { id } = await site.db
    .selectFrom('users')
    .where('username', '=', form.username)
    .select('id')
    .executeTakeFirstOrThrow();
  expect((await ledger(id)).at(-1)).toMatchObject({ outcome: 'left', reason: 'skipping' });
});

it('keeps the front of the queue of a member who votes as a guest and logs in', async () => {
  await topic(site, { slug: 'both', names: thingNames(40) });
  const path = '/topics/both/vote';
  const { browser, username, password, id } = await member(site);
  await vote(browser, 'left', path);
  const front = await shown(browser, path);
  const guest = visit(site);
  await vote(guest, 'left', path);
  await guest.post('/login').type('form').send({ username, password }).expect(303);
  expect(await votesOf(site, id)).toHaveLength(2);
  expect(things(await shown(browser, path))).toBe(things(front));
});

it('changes nothing and does not fail when an answer is changed with a used ballot', async () => {
  await topic(site, { slug: 'used', names: thingNames(10) });
  const path = '/topics/used/vote';
  const { browser, id } = await member(site);
  const { ballot } = await vote(browser, 'left', path);
  const [row] = await votesOf(site, id);
  const answer = await send(browser, { ballot, choice: 'right' }, `/profile/votes/${row?.ballotId}/change`);
  expect(answer.status).toBeLessThan(500);
  expect(await votesOf(site, id)).toMatchObject([{ outcome: 'left', withdrawnAt: null }]);
});

it('shows nobody a thing that they do not know, also after an undo', async () => {
  await topic(site, { slug: 'unsure', names: thingNames(12) });
  const path = '/topics/unsure/vote';
  const { browser } = await member(site);
  const front = await vote(browser, 'left', path);
  await undo(browser);
  const others = thingNames(12).filter((name) => name !== front.left && name !== front.right);
  for (let looks = 0; looks < 100; looks++) {
    const asked = await shown(browser, askingFor('unsure', others[looks % others.length] ?? ''));
    const side = [front.left, front.right].includes(asked.left) ? 'left' : 'right';
    const unknown = asked[side];
    if (unknown !== front.left && unknown !== front.right) {
      await send(browser, { ballot: asked.ballot, choice: 'left' }, path).expect(303);
      continue;
    }
    await send(browser, { ballot: asked.ballot, choice: `unknown-${side}` }, path).expect(303);
    const next = await shown(browser, path);
    expect([next.left, next.right]).not.toContain(unknown);
    return;
  }
  expect.fail('no pair with one of the two was offered');
});

itOnRedis(
  'does not offer the second pair of the queue to a member who asks for one of its things',
  async () => {
    await topic(site, { slug: 'ahead', names: thingNames(40) });
    const path = '/topics/ahead/vote';
    const board = site.boards.get('ahead') ?? expect.fail();
    const { browser, id } = await member(site);
    for (let pairs = 0; pairs < 12; pairs++) {
      await vote(browser, 'left', path);
      await shown(browser, path);
      const stored = await site.redis?.get(`${site.prefix}queue:${id}:${board.topic.id}`);
      const { pairs } = JSON.parse(stored ?? '{}') as { pairs: { leftId: number; rightId: number }[] };
      const [left, right] = [pairs[1]?.leftId, pairs[1]?.rightId].map(
        (thingId) => board.find(thingId ?? 0)?.name,
      );
      if (!left || !right) expect.fail('there is no second pair');
      for (const name of [left, right])
        expect(things(await shown(browser, askingFor('ahead', name)))).not.toBe(things({ left, right }));
    }
  },
);

itOnPostgres('does not show a pair that was asked for and answered during its undo', async () => {
  const names = ['Sun', 'Moon', 'Star'];
  await topic(site, { slug: 'stuck', names });
  const path = '/topics/stuck/vote';
  const { browser, id } = await member(site);
  const front = await shown(browser, path);
  const third = names.find((name) => name !== front.left && name !== front.right) ?? '';
  const asked = await shown(browser, askingFor('stuck', third));
  for (let votes = 0; votes < 3; votes++)
    if (things(await vote(browser, 'left', path)) === things(asked)) break;
  await whileLocked(site, sql`select from users where id = ${id} for update`, [
    async () => send(browser, { ballot: asked.ballot, choice: 'left' }, path),
    async () => undo(browser),
  ]);
  expect(things(await shown(browser, path))).not.toBe(things(asked));
});

it('does not say that a pair counts fully after too many skips', async () => {
  await topic(site, { slug: 'said', names: thingNames(40) });
  const path = '/topics/said/vote';
  const { browser } = await member(site);
  await voteTimes(browser, 10, { choice: 'skip', path });
  const front = await shown(browser, path);
  const { text } = await browser.get(askingFor('said', front.left)).expect(200);
  expect(read(text)('.receipt p').text()).not.toContain('counts fully');
});
