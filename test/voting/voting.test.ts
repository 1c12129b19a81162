import { beforeAll, expect, it } from 'vitest';
import { seed } from '../../src/catalog/seed.js';
import { type Ballot, readBallot, signBallot } from '../../src/voting/ballot.js';
import { BallotBox } from '../../src/voting/ballot-box.js';
import { drawPairs, randomFor } from '../../src/voting/draw.js';
import {
  type Browser,
  HTMX,
  ledgerOf,
  loseKeys,
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
} from '../site.js';

const site = useSite();

beforeAll(() => topic(site, { names: ['Ramen', 'Sushi', 'Pizza', 'Salad', 'Curry', 'Pie'] }));

const send = (browser: Browser, form: { ballot: string; choice: string }, path = '/vote') =>
  browser.post(path).type('form').send(form);

async function ballotOf(browser: Browser): Promise<string> {
  return pairOn((await browser.get('/vote').expect(200)).text).ballot;
}

async function signedBallot(voterId: number, changes: Partial<Ballot> = {}): Promise<string> {
  const things = await site.db
    .selectFrom('things')
    .select(['id', 'topicId'])
    .orderBy('id')
    .limit(2)
    .execute();
  const [left, right] = things;
  const offer = { topicId: left?.topicId ?? 0, leftId: left?.id ?? 0, rightId: right?.id ?? 0, voterId };
  return signBallot(
    { ...offer, isGuest: false, strategy: 'explore', ...changes },
    site.config.secrets[0],
    changes,
  );
}

it('asks the topic’s question about two different things', async () => {
  const { browser } = await member(site);
  const { text } = await browser.get('/vote').expect(200);
  expect(read(text)('h1').text()).toBe('Which would you rather eat?');
  const { left, right } = pairOn(text);
  expect(left).not.toBe(right);
  expect(read(text)('#choose-left').text()).toContain(`Choose ${left}`);
});

it.each(['left', 'right', 'tie', 'skip'] as const)(
  'writes the answer "%s" into the ledger, and confirms it on the next page',
  async (choice) => {
    const { browser, id } = await member(site);
    const pair = pairOn((await browser.get('/vote')).text);
    const answer = await send(browser, { ballot: pair.ballot, choice }).expect(303);
    const next = await browser.get(answer.headers.location ?? '').expect(200);
    const expected = {
      left: `you chose ${pair.left} over ${pair.right}`,
      right: `you chose ${pair.right} over ${pair.left}`,
      tie: `${pair.left} and ${pair.right} are about the same to you`,
      skip: `you skipped ${pair.left} and ${pair.right}`,
    };
    expect(read(next.text)('.receipt p').text()).toContain(expected[choice]);
    expect(await votesOf(site, id)).toMatchObject([
      { outcome: choice, withdrawnAt: null, strategy: expect.stringMatching(/^(focus|explore)$/) },
    ]);
  },
);

it('answers htmx with the next pair in the same round trip, with the same receipt and address', async () => {
  const { browser } = await member(site);
  const pair = pairOn((await browser.get('/vote')).text);
  const answer = await send(browser, { ballot: pair.ballot, choice: 'left' }).set(HTMX).expect(200);
  expect(answer.headers['hx-replace-url']).toMatch(/^\/vote\?voted=/);
  const $ = read(answer.text);
  expect($('main')).toHaveLength(0);
  expect($('#pair .receipt p').text()).toContain(`you chose ${pair.left}`);
  const page = await browser.get(answer.headers['hx-replace-url'] ?? '').expect(200);
  expect(read(page.text)('#pair .receipt p').text()).toBe($('#pair .receipt p').text());
});

it('counts a ballot once, however often it is sent, and gives the same response each time', async () => {
  const { browser, id } = await member(site);
  const ballot = await ballotOf(browser);
  const first = await send(browser, { ballot, choice: 'left' }).expect(303);
  const again = await send(browser, { ballot, choice: 'right' }).expect(303);
  expect(again.headers.location).toBe(first.headers.location);
  expect(await votesOf(site, id)).toMatchObject([{ outcome: 'left' }]);
});

it('counts ten simultaneous posts of one ballot once', async () => {
  const { browser, id } = await member(site);
  const ballot = await ballotOf(browser);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => send(browser, { ballot, choice: 'left' })),
  );
  expect(new Set(answers.map(({ headers }) => headers.location)).size).toBe(1);
  expect(answers.every(({ status }) => status === 303)).toBe(true);
  expect(await votesOf(site, id)).toHaveLength(1);
});

it('keeps an answer when the same pair is answered on another ballot, on any sides', async () => {
  const { browser, id } = await member(site);
  const [one, other] = [await signedBallot(id), await signedBallot(id)];
  await send(browser, { ballot: one, choice: 'left' }).expect(303);
  const answer = await send(browser, { ballot: other, choice: 'right' }).expect(303);
  const page = await browser.get(answer.headers.location ?? '').expect(200);
  expect(read(page.text)('.receipt p').text()).toContain('Your earlier answer stays');
  const [row] = await votesOf(site, id);
  const swapped = await signedBallot(id, { leftId: row?.rightId ?? 0, rightId: row?.leftId ?? 0 });
  await send(browser, { ballot: swapped, choice: 'left' }).expect(303);
  expect(await votesOf(site, id)).toMatchObject([{ outcome: 'left' }]);
});

it('refuses a ballot that is forged, expired, made for someone else, or of another topic', async () => {
  await topic(site, { slug: 'animals', names: ['Otter', 'Owl', 'Yak'] });
  const { browser, id } = await member(site);
  const stranger = await member(site);
  const good = await ballotOf(browser);
  const refused: [string, string, string][] = [
    ['', '/vote', 'didn’t go through'],
    ['nonsense', '/vote', 'didn’t go through'],
    [`${good}x`, '/vote', 'didn’t go through'],
    [`x${good}`, '/vote', 'didn’t go through'],
    [
      await signedBallot(id, { expires: Math.floor(Date.now() / 1000) - 1 }),
      '/vote',
      'expired after 24 hours',
    ],
    [await ballotOf(stranger.browser), '/vote', 'someone else'],
    [good, '/topics/animals/vote', 'another topic'],
  ];
  for (const [ballot, path, message] of refused) {
    const answer = await send(browser, { ballot, choice: 'left' }, path);
    expect(answer.status).toBe(422);
    expect(read(answer.text)('.receipt p').text()).toContain(message);
    expect(pairOn(answer.text).ballot).not.toBe('');
  }
  expect(await votesOf(site, id)).toEqual([]);
});

it('shows the pair again when the answer is none of the four', async () => {
  const { browser, id } = await member(site);
  const pair = pairOn((await browser.get('/vote')).text);
  const answer = await send(browser, { ballot: pair.ballot, choice: 'both' });
  expect(answer.status).toBe(422);
  expect(pairOn(answer.text)).toMatchObject({ left: pair.left, right: pair.right });
  expect(await votesOf(site, id)).toEqual([]);
});

it('says when one of the two things was taken down', async () => {
  await topic(site, { slug: 'passing', names: ['Here', 'Gone'] });
  const { browser, id } = await member(site);
  const { ballot } = pairOn((await browser.get('/topics/passing/vote')).text);
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('name', '=', 'Gone').execute();
  const answer = await send(browser, { ballot, choice: 'left' }, '/topics/passing/vote').expect(303);
  const page = await browser.get(answer.headers.location ?? '').expect(200);
  expect(read(page.text)('.receipt p').text()).toContain('was removed');
  expect(await votesOf(site, id)).toEqual([]);
});

it('withdraws the last vote once, and shows its pair again', async () => {
  const { browser, id } = await member(site);
  await vote(browser);
  const pair = await vote(browser);
  const [, last] = await votesOf(site, id);
  for (let press = 0; press < 2; press++) {
    const answer = await browser.post('/vote/undo').type('form').send({ ballot: last?.ballotId }).expect(303);
    const page = await browser.get(answer.headers.location ?? '').expect(200);
    expect(pairOn(page.text)).toMatchObject({ left: pair.left, right: pair.right });
    expect(read(page.text)('.receipt p').text()).toContain('Taken back');
  }
  const rows = await votesOf(site, id);
  expect(rows.map((row) => row.withdrawnAt !== null)).toEqual([false, true]);
  const again = pairOn((await browser.get('/vote')).text);
  await send(browser, { ballot: again.ballot, choice: 'right' }).expect(303);
  expect((await votesOf(site, id)).at(-1)).toMatchObject({
    leftId: last?.leftId,
    rightId: last?.rightId,
    outcome: 'right',
  });
});

it.each(['member', 'guest'])(
  'offers to undo the latest vote whenever its voter comes back: %s',
  async (kind) => {
    const browser = kind === 'member' ? (await member(site)).browser : visit(site);
    const slot = async (path = '/vote') => read((await browser.get(path).expect(200)).text)('.receipt');
    expect((await slot()).find('#undo')).toHaveLength(0);
    await vote(browser);
    const pair = await vote(browser);
    // Not only on the page with the receipt, but also after a reload or from another page.
    const plain = await slot();
    expect(plain.find('.line').text().trim()).toBe(`Last vote: ${pair.left} over ${pair.right}`);
    const ballot = String(plain.find('[name=ballot]').val());
    await browser.post('/vote/undo').type('form').send({ ballot }).expect(303);
    expect(pairOn((await browser.get('/vote')).text)).toMatchObject({ left: pair.left, right: pair.right });
    expect((await slot()).find('#undo')).toHaveLength(0);
    // A queue that was lost is read from the ledger.
    await vote(browser, 'tie');
    await loseKeys(site, 'queue:');
    expect((await slot()).find('.line').text()).toContain('are about the same to you');
  },
);

it('offers to undo the latest vote on another device', async () => {
  const { browser, username, password } = await member(site);
  const pair = await vote(browser);
  const other = visit(site);
  await other.post('/login').type('form').send({ username, password }).expect(303);
  await other.get('/').expect(200);
  const slot = read((await other.get('/vote').expect(200)).text)('.receipt');
  expect(slot.text()).toContain(`Last vote: ${pair.left} over ${pair.right}`);
  expect(slot.find('#undo')).toHaveLength(1);
});

it('isolates a name in a sentence, because it may be written from right to left', async () => {
  await topic(site, { slug: 'scripts', names: ['שוקולד', '👩‍👩‍👧‍👦 Family'] });
  const { browser } = await member(site);
  const page = read((await browser.get('/topics/scripts/vote').expect(200)).text);
  const names = page('.choice bdi.name').map((_, name) => page(name).text());
  expect(names.get().sort()).toEqual(['שוקולד', '👩‍👩‍👧‍👦 Family']);
  // An emoji of several code points is one letter.
  const letters = page('.choice .letter').map((_, letter) => page(letter).text());
  expect(letters.get().sort()).toEqual(['ש', '👩‍👩‍👧‍👦']);
  await vote(browser, 'left', '/topics/scripts/vote');
  const { text } = await browser.get('/topics/scripts/vote').expect(200);
  expect(read(text)('.receipt .line bdi')).toHaveLength(2);
});

it('withdraws a vote with htmx in one round trip', async () => {
  const { browser, id } = await member(site);
  const pair = await vote(browser);
  const [row] = await votesOf(site, id);
  const answer = await browser
    .post('/vote/undo')
    .set(HTMX)
    .type('form')
    .send({ ballot: row?.ballotId })
    .expect(200);
  expect(pairOn(answer.text)).toMatchObject({ left: pair.left, right: pair.right });
});

it('leaves a withdrawn vote withdrawn when its ballot is sent again', async () => {
  const { browser, id } = await member(site);
  const { ballot } = await vote(browser);
  await browser.post('/vote/undo').expect(303);
  const answer = await send(browser, { ballot, choice: 'left' }).expect(303);
  const page = await browser.get(answer.headers.location ?? '');
  expect(read(page.text)('.receipt p').text()).toContain('You took this vote back');
  expect(await votesOf(site, id)).toHaveLength(1);
});

it('lets nobody withdraw the vote of someone else', async () => {
  const owner = await member(site);
  const other = await member(site);
  await vote(owner.browser);
  const [row] = await votesOf(site, owner.id);
  await other.browser.post('/vote/undo').type('form').send({ ballot: row?.ballotId }).expect(303);
  await other.browser.post(`/profile/votes/${row?.ballotId}/withdraw`).expect(404);
  expect(await votesOf(site, owner.id)).toMatchObject([{ withdrawnAt: null }]);
});

it('lists the votes of a member on the profile, and withdraws one there', async () => {
  const { browser, id } = await member(site);
  const pair = await vote(browser);
  await vote(browser);
  const $ = read((await browser.get('/profile')).text);
  expect($('.entries li')).toHaveLength(2);
  expect($('.entries li').last().text()).toContain(pair.left);
  await browser.post($('.entries form').last().attr('action') ?? '').expect(303);
  expect((await votesOf(site, id)).map((row) => row.withdrawnAt !== null)).toEqual([true, false]);
  expect(read((await browser.get('/profile')).text)('.entries li')).toHaveLength(1);
});

it('never shows a pair twice, and says when no pair is left', async () => {
  await topic(site, { slug: 'few', names: ['One', 'Two', 'Three', 'Four', 'Five'] });
  const { browser } = await member(site);
  const seen = new Set<string>();
  for (let pair = 0; pair < 10; pair++) {
    const { left, right } = await vote(browser, 'left', '/topics/few/vote');
    seen.add([left, right].sort().join());
  }
  expect(seen.size).toBe(10);
  const done = await browser.get('/topics/few/vote').expect(200);
  expect(read(done.text)('#pair h2').text()).toBe('You’ve voted on every pair');
});

it('shows no thing of the last five pairs while there are other things', async () => {
  await topic(site, { slug: 'many', names: thingNames(30) });
  const { browser } = await member(site);
  let recent: string[] = [];
  for (let pair = 0; pair < 12; pair++) {
    const { left, right } = await vote(browser, pair % 3 ? 'left' : 'skip', '/topics/many/vote');
    expect(recent).not.toContain(left);
    expect(recent).not.toContain(right);
    recent = [...recent, left, right].slice(-10);
  }
});

it('draws most pairs where the Top 20 is uncertain', async () => {
  await topic(site, { slug: 'large', names: thingNames(100) });
  const board = site.boards.get('large') ?? expect.fail();
  const drawn = { focus: 0, explore: 0, asked: 0, common: 0 };
  for (let voter = 1; voter <= 400; voter++) {
    const random = randomFor(String(voter), site.config.secrets[0]);
    const [pair] = drawPairs(board, { recent: [], unknown: [] }, random);
    if (pair) drawn[pair.strategy]++;
  }
  // Four of five pairs. Less than one run in a million fails by chance.
  expect(drawn.focus).toBeGreaterThan(280);
  expect(drawn.explore).toBeGreaterThan(40);
});

it('lowers the weight of a vote after many skips, and says so', async () => {
  await topic(site, { slug: 'skipped', names: thingNames(12) });
  const { browser, id } = await member(site);
  const path = '/topics/skipped/vote';
  await voteTimes(browser, 5, { choice: 'skip', path });
  const receipt = async (): Promise<string> => {
    const { ballot } = pairOn((await browser.get(path)).text);
    const answer = await send(browser, { ballot, choice: 'left' }, path).expect(303);
    return read((await browser.get(answer.headers.location ?? '')).text)('.receipt p').text();
  };
  expect(await receipt()).not.toContain('counts less');
  await browser.post('/vote/undo').expect(303);
  expect(await receipt()).not.toContain('counts less');
  await vote(browser, 'skip', path);
  expect(await receipt()).toContain(
    'It counts less, because you skipped more than 5 of the 20 pairs before it',
  );
  // The same answer again and again does not make up for skips.
  for (let times = 0; times < 20; times++) {
    await browser.post('/vote/undo').expect(303);
    await vote(browser, 'left', path);
  }
  expect(await receipt()).toContain('counts less');
  // A vote in another topic counts in full. A longer run of answers makes up for skips.
  await vote(browser);
  await voteTimes(browser, 15, { choice: 'tie', path });
  expect(await receipt()).not.toContain('counts less');

  const votes = await ledgerOf(site, id);
  const { weight, reason } = votes.find((row) => row.weight < 1) ?? expect.fail();
  expect(weight).toBeCloseTo((14 / 15) ** 2, 5);
  expect(reason).toBe('skipping');
  await site.rank();
});

it('does not count a changed answer as a skip', async () => {
  await topic(site, { slug: 'changed', names: thingNames(12) });
  const { browser, id } = await member(site);
  const path = '/topics/changed/vote';
  await voteTimes(browser, 8, { path });
  for (const { ballotId } of await votesOf(site, id)) {
    const form = read((await browser.get(`/profile/votes/${ballotId}/change`).expect(200)).text);
    const ballot = String(form('main [name=ballot]').val());
    await browser
      .post(`/profile/votes/${ballotId}/change`)
      .type('form')
      .send({ ballot, choice: 'tie' })
      .expect(303);
  }
  await vote(browser, 'left', path);
  const votes = await ledgerOf(site, id);
  expect(votes.filter(({ withdrawnAt }) => withdrawnAt)).toHaveLength(8);
  expect(votes.at(-1)?.weight).toBe(1);
});

it('puts a thing on each side about equally often', async () => {
  await topic(site, { slug: 'coin', names: ['Heads', 'Tails'] });
  const board = site.boards.get('coin') ?? expect.fail();
  let heads = 0;
  for (let voter = 1; voter <= 400; voter++) {
    const random = randomFor(String(voter), site.config.secrets[0]);
    const [pair] = drawPairs(board, { recent: [], unknown: [] }, random);
    if (board.find(pair?.leftId ?? 0)?.name === 'Heads') heads++;
  }
  // Less than one run in a million fails by chance.
  expect(heads).toBeGreaterThan(150);
  expect(heads).toBeLessThan(250);
});

it('shows the same pair until it is answered', async () => {
  const { browser } = await member(site);
  const first = pairOn((await browser.get('/vote')).text);
  const other = await member(site);
  for (let look = 0; look < 5; look++) {
    await vote(other.browser);
    await site.rank();
    expect(pairOn((await browser.get('/vote')).text)).toMatchObject({ left: first.left, right: first.right });
  }
  await send(browser, { ballot: first.ballot, choice: 'skip' }).expect(303);
  const next = pairOn((await browser.get('/vote')).text);
  expect([next.left, next.right].sort()).not.toEqual([first.left, first.right].sort());
});

it('shows the same next pairs after an answer is withdrawn and given again', async () => {
  await seed(site.db);
  await site.boards.refresh();
  const { browser } = await member(site);
  // A topic in which everything has a picture.
  const path = '/topics/inventions/vote';
  const shown = async (): Promise<unknown> => {
    const { text } = await browser.get(path);
    const { left, right } = pairOn(text);
    return { left, right, ahead: read(text)('#pair').attr('data-ahead') };
  };
  await vote(browser, 'left', path);
  const first = await shown();
  expect(first).toMatchObject({ ahead: expect.stringMatching(/^\[.*\.svg.*\.svg.*\]$/) });
  for (let times = 0; times < 3; times++) {
    await browser.post('/vote/undo').type('form').send({}).expect(303);
    await vote(browser, 'left', path);
    expect(await shown()).toEqual(first);
  }
});

it('sends a visitor who must log in to the log-in page, with the way back', async () => {
  const page = await visit(site).get('/profile/sessions').expect(303);
  expect(page.headers.location).toBe('/login?next=%2Fprofile%2Fsessions');
});

it('shows no thing that a member does not know, until they withdraw that answer', async () => {
  const names = ['Ash', 'Birch', 'Cedar', 'Dogwood', 'Elm'];
  await topic(site, { slug: 'trees', names });
  const { browser, id } = await member(site);
  const path = '/topics/trees/vote';
  const pair = pairOn((await browser.get(path)).text);
  const answer = await send(browser, { ballot: pair.ballot, choice: 'unknown-right' }, path).expect(303);
  expect(read((await browser.get(answer.headers.location ?? '')).text)('.receipt p').text()).toContain(
    `you don’t know ${pair.right}`,
  );
  for (let left = 6; left > 0; left--) {
    const { left: one, right: other } = await vote(browser, 'left', path);
    expect([one, other]).not.toContain(pair.right);
  }
  expect(read((await browser.get(path)).text)('#pair h2').text()).toBe('You’ve voted on every pair');
  expect(await votesOf(site, id)).toMatchObject([
    { outcome: 'skip', unknown: 'right' },
    ...Array(6).fill({ unknown: null }),
  ]);

  const [first] = await votesOf(site, id);
  await browser.post(`/profile/votes/${first?.ballotId}/withdraw`).expect(303);
  const next = pairOn((await browser.get(path)).text);
  expect([next.left, next.right]).toContain(pair.right);
});

it('counts only the first of two answers on one ballot, also when they are written together', async () => {
  const { id } = await member(site);
  const ballot = readBallot(await signedBallot(id), site.config.secrets) as Ballot;
  const ballotBox = new BallotBox(site.db);
  const casts = await Promise.all(
    (['left', 'right'] as const).map((outcome) =>
      ballotBox.cast(ballot, { outcome, unknown: null }, { queued: [], drawn: [] }),
    ),
  );
  expect(casts).toMatchObject([
    { status: 'cast', vote: { outcome: 'left' } },
    { status: 'repeated', vote: { outcome: 'left' } },
  ]);
  expect(await votesOf(site, id)).toMatchObject([{ outcome: 'left' }]);
});

it('withdraws no vote by a form that cannot be read', async () => {
  const { browser, id } = await member(site);
  await vote(browser, 'left');
  const [standing] = await votesOf(site, id);
  const path = `/profile/votes/${standing?.ballotId}/withdraw`;
  await browser.post(path).type('form').send('next=/profile&next=/vote').expect(400);
  expect(await votesOf(site, id)).toMatchObject([{ withdrawnAt: null }]);
});

it('says how many of at least five others agree, and which thing the vote passes', async () => {
  await topic(site, { slug: 'shapes', names: ['Circle', 'Square'] });
  const path = '/topics/shapes/vote';
  const circle = ({ left }: { left: string }) => (left === 'Circle' ? 'left' : 'right');
  const cast = async (browser: Browser, choose = circle): Promise<string> => {
    const pair = pairOn((await browser.get(path)).text);
    const answer = await send(browser, { ballot: pair.ballot, choice: choose(pair) }, path)
      .set(HTMX)
      .expect(200);
    return read(answer.text)('.receipt p').text();
  };
  for (let other = 1; other <= 4; other++) await cast((await member(site)).browser);
  const fifth = await cast((await member(site)).browser, (pair) =>
    circle(pair) === 'left' ? 'right' : 'left',
  );
  expect(fifth).not.toContain('others');
  await site.rank();
  // The answers of five are not shown, because one could find out the answer of the last of them.
  expect(await cast((await member(site)).browser)).not.toContain('others');
  for (let other = 7; other <= 10; other++) await cast((await member(site)).browser);
  await site.rank();
  const { browser: eleventh, id } = await member(site);
  expect(await cast(eleventh)).toContain('You and 9 of 10 others');
  // The voter's own answer is not among the others, neither when it counts nor after it was withdrawn.
  for (let other = 12; other <= 20; other++) await cast((await member(site)).browser);
  await site.rank();
  const [own] = await votesOf(site, id);
  const again = await eleventh.get(`${path}?voted=${own?.ballotId}`).expect(200);
  expect(read(again.text)('.receipt p').text()).toContain('You and 18 of 19 others');
  await eleventh.post('/vote/undo').expect(303);
  expect(await cast(eleventh)).toContain('You and 18 of 19 others');

  await topic(site, { slug: 'colours', names: ['Amber', 'Blue'] });
  const { browser } = await member(site);
  const pair = pairOn((await browser.get('/topics/colours/vote')).text);
  // Before the first vote the older thing leads.
  const choice = pair.left === 'Blue' ? 'left' : 'right';
  const answer = await send(browser, { ballot: pair.ballot, choice }, '/topics/colours/vote').expect(303);
  const page = await browser.get(answer.headers.location ?? '').expect(200);
  expect(read(page.text)('.effect').text().trim()).toBe('Blue moves up to about 1st');
  expect(read(page.text)('.progress').text()).toContain('1 vote today');
  await site.rank();
  const later = await browser.get(answer.headers.location ?? '').expect(200);
  expect(read(later.text)('.effect').text()).toBe('');
});

it('explains a topic with nothing in it', async () => {
  await site.db.insertInto('topics').values({ slug: 'empty', title: 'Empty', question: 'What?' }).execute();
  await site.boards.refresh();
  const { browser } = await member(site);
  const page = await browser.get('/topics/empty/vote').expect(200);
  expect(read(page.text)('#pair h2').text()).toBe('Nothing to vote on yet');
  expect(read((await browser.get('/topics/empty/top').expect(200)).text)('.card').text()).toContain(
    'nothing',
  );
});

it('keeps the rules of the ledger in the database as well', async () => {
  const { browser, id } = await member(site);
  await vote(browser);
  const [row] = await votesOf(site, id);
  const votes = site.db.updateTable('votes').where('id', '=', row?.id ?? 0);
  await expect(votes.set({ outcome: 'tie' }).execute()).rejects.toThrow('append-only');
  await expect(
    site.db
      .deleteFrom('votes')
      .where('id', '=', row?.id ?? 0)
      .execute(),
  ).rejects.toThrow('append-only');
  const { id: _id, xid, withdrawnXid, withdrawnAt, ...copy } = row ?? expect.fail();
  const insert = (changes: Partial<typeof copy>) =>
    site.db
      .insertInto('votes')
      .values({ ...copy, ballotId: crypto.randomUUID(), ...changes })
      .execute();
  await expect(insert({})).rejects.toThrow('one_answer_a_pair');
  await expect(insert({ leftId: copy.rightId, rightId: copy.leftId })).rejects.toThrow('one_answer_a_pair');
  await expect(insert({ leftId: copy.rightId })).rejects.toThrow('check');
  await expect(insert({ ballotId: copy.ballotId, voterId: null })).rejects.toThrow('ballot_id');
  const animals = await site.db
    .selectFrom('topics')
    .where('slug', '=', 'animals')
    .select('id')
    .executeTakeFirstOrThrow();
  await expect(insert({ topicId: animals.id, voterId: null })).rejects.toThrow('foreign key');
});
