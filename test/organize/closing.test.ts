import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { closeForVotes, openForVotes, reopenForVotes } from '../../src/catalog/change-phase.js';
import { phaseAt } from '../../src/catalog/phase.js';
import { adoptLedger } from '../../src/ranking/ranker/adopt-ledger.js';
import { Ranker } from '../../src/ranking/ranker/ranker.js';
import type { TopicPhase } from '../../src/schema.js';
import { HTMX, itOnPostgres, member, pairOn, read, useSite, visit, vote, whileLocked } from '../site.js';
import { guestVotes, type MadeTopic, makeTopic } from './topics.js';

const site = useSite();

const phaseOf = async ({ id }: MadeTopic) =>
  site.db.selectFrom('topics').where('id', '=', id).select(['phase', 'closedXid']).executeTakeFirstOrThrow();

const votesIn = async ({ id }: MadeTopic): Promise<number> => {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from votes where topic_id = ${id}`.execute(site.db);
  return rows[0]?.count ?? 0;
};

/** All that the site tells of a ranking. */
async function resultsOf({ id, path }: MadeTopic): Promise<object> {
  const json = (await visit(site).get(`/api${path}/top`).expect(200)).body;
  const ratings = await site.db
    .selectFrom('ratings')
    .where('topicId', '=', id)
    .selectAll()
    .orderBy('thingId')
    .execute();
  const pairs = await site.db.selectFrom('pairCounts').where('topicId', '=', id).selectAll().execute();
  return { json, ratings, pairs };
}

it('knows the phase of each moment, in the code as in the database', async () => {
  const [past, now, future] = [-1, 0, 1].map((hours) => new Date(Date.now() + hours * 3_600_000));
  const times = [null, past as Date, future as Date];
  for (const phase of ['draft', 'open', 'closed'] as TopicPhase[])
    for (const opensAt of times)
      for (const closesAt of times) {
        const { rows } = await sql<{ phase: string }>`
          select topic_phase(${phase}, ${opensAt}, ${closesAt}, ${now}) as phase`.execute(site.db);
        expect([phase, opensAt, closesAt, rows[0]?.phase]).toEqual([
          phase,
          opensAt,
          closesAt,
          phaseAt({ phase, opensAt, closesAt }, now),
        ]);
      }
  expect(phaseAt({ phase: 'draft', opensAt: past as Date, closesAt: null })).toBe('open');
  expect(phaseAt({ phase: 'open', opensAt: null, closesAt: past as Date })).toBe('closed');
});

it('opens and closes when the time has come, and writes it down', async () => {
  const topic = await makeTopic(site, { phase: 'draft' });
  const set = (columns: { opensAt?: Date; closesAt?: Date }) =>
    site.db.updateTable('topics').set(columns).where('id', '=', topic.id).execute();
  await set({ opensAt: new Date(Date.now() - 60_000) });
  await site.boards.refresh();
  // Before the ranker has looked.
  await vote(visit(site), 'left', `${topic.path}/vote`);
  await site.rank();
  expect(await phaseOf(topic)).toMatchObject({ phase: 'open' });
  await set({ closesAt: new Date(Date.now() - 1_000) });
  const late = visit(site);
  await site.boards.refresh();
  const page = await late.get(`${topic.path}/vote`).expect(200);
  expect(read(page.text)('h2').first().text()).toBe('Voting has closed');
  await site.rank();
  expect(await phaseOf(topic)).toMatchObject({ phase: 'closed', closedXid: expect.any(String) });
  const events = await site.db
    .selectFrom('topicEvents')
    .where('topicId', '=', topic.id)
    .select('kind')
    .execute();
  expect(events.map(({ kind }) => kind)).toEqual(['created', 'opened', 'closed']);
});

it('refuses votes, undoing and changes after closing, with the reason', async () => {
  const topic = await makeTopic(site);
  const [voter, guest] = [await member(site), visit(site)];
  await vote(voter.browser, 'left', `${topic.path}/vote`);
  await vote(guest, 'left', `${topic.path}/vote`);
  const open = pairOn((await guest.get(`${topic.path}/vote`)).text);
  const own = await site.db
    .selectFrom('votes')
    .where('voterId', '=', voter.id)
    .select('ballotId')
    .executeTakeFirstOrThrow();
  await closeForVotes(site.db, { topicId: topic.id, userId: topic.owner.id });
  const before = await votesIn(topic);
  // This process does not know yet, so the database says no.
  for (const headers of [{}, HTMX]) {
    const answer = await guest
      .post(`${topic.path}/vote`)
      .set(headers)
      .type('form')
      .send({ ballot: open.ballot, choice: 'left' })
      .expect(409);
    expect(read(answer.text)('.receipt').text()).toContain('Voting has closed, so your vote didn’t count.');
  }
  await site.boards.refresh();
  await guest
    .post(`${topic.path}/vote`)
    .type('form')
    .send({ ballot: open.ballot, choice: 'left' })
    .expect(409);
  const undo = await guest.post('/vote/undo').expect(409);
  expect(read(undo.text)('.receipt').text()).toContain('your vote stays as it is');
  await voter.browser.post(`/profile/votes/${own.ballotId}/withdraw`).expect(303);
  expect((await voter.browser.get('/profile')).text).toMatch(/your vote stays as it is/i);
  await voter.browser.get(`/profile/votes/${own.ballotId}/change`).expect(409);
  expect(await votesIn(topic)).toBe(before);
  expect(
    await site.db
      .selectFrom('votes')
      .where('topicId', '=', topic.id)
      .where('withdrawnAt', 'is not', null)
      .execute(),
  ).toEqual([]);
});

itOnPostgres('writes no vote that waited while the topic was closed', async () => {
  const topic = await makeTopic(site);
  const guest = visit(site);
  await vote(guest, 'left', `${topic.path}/vote`);
  const { ballot } = pairOn((await guest.get(`${topic.path}/vote`)).text);
  const voters = sql`select from voters where kind = 'guest' for update`;
  const [answer] = await whileLocked(site, voters, [
    () =>
      guest
        .post(`${topic.path}/vote`)
        .type('form')
        .send({ ballot, choice: 'left' })
        .then(({ status }) => status),
    async () => {
      await closeForVotes(site.db, { topicId: topic.id, userId: topic.owner.id });
      return 0;
    },
  ]);
  // Either it was there before the topic closed, or it was refused. Closing waits for the first.
  expect(answer === 303 ? await votesIn(topic) : 1).toBe(answer === 303 ? 2 : 1);
});

it('freezes the results of a topic that closes under load', { timeout: 120_000 }, async () => {
  const topic = await makeTopic(site, { things: 8 });
  const voter = await member(site);
  const takesBack = await member(site);
  for (const { browser } of [voter, takesBack])
    for (let pair = 0; pair < 6; pair++) await vote(browser, 'left', `${topic.path}/vote`);
  await guestVotes(site, topic, 12);
  const ranking = (async () => {
    for (let round = 0; round < 5; round++) await site.rank();
  })();
  const load = guestVotes(site, topic, 25);
  const closing = closeForVotes(site.db, { topicId: topic.id, userId: topic.owner.id });
  await closing;
  const atClose = await votesIn(topic);
  const statuses = [...(await load), ...(await guestVotes(site, topic, 3))];
  await ranking;
  expect(await votesIn(topic)).toBe(atClose);
  expect(statuses.filter((status) => status === 303).length).toBe(atClose - 12 - 12);
  await site.rank();
  const results = await resultsOf(topic);

  const ranker = new Ranker(site.db);
  // Somebody closes their account with their votes, another voter is set apart, and a vote comes in by SQL.
  await takesBack.browser
    .post('/profile/close')
    .type('form')
    .send({ person: takesBack.id, votes: 'withdraw' });
  await site.db.insertInto('voterEvents').values({ voterId: voter.id, kind: 'set apart' }).execute();
  const [left, right] = await site.db
    .selectFrom('things')
    .where('topicId', '=', topic.id)
    .select('id')
    .execute();
  await site.db
    .insertInto('votes')
    .values({
      ...{ ballotId: crypto.randomUUID(), topicId: topic.id, leftId: left?.id ?? 0, rightId: right?.id ?? 0 },
      ...{ voterId: topic.owner.id, outcome: 'right', strategy: 'focus' },
    })
    .execute();
  await site.rank();
  expect(await resultsOf(topic)).toEqual(results);
  await ranker.refit(topic.id);
  await ranker.refitDaily();
  await sql`update boards set changes = changes + 1`.execute(site.db);
  await site.rank();
  expect(await resultsOf(topic)).toEqual(results);

  await reopenForVotes(site.db, { topicId: topic.id, userId: topic.owner.id });
  await site.rank();
  const { json } = (await resultsOf(topic)) as { json: { votes: number } };
  // Without the votes that were taken back and set apart, with the one by SQL.
  expect(json.votes).toBe(atClose - 12 + 1);
  expect(await guestVotes(site, topic, 2)).toEqual([303, 303]);
  await site.rank();
  expect(((await resultsOf(topic)) as { json: { votes: number } }).json.votes).toBe(atClose - 12 + 3);
});

it('keeps the results of a closed topic that is restored into a younger server', async () => {
  const topic = await makeTopic(site);
  const voter = await member(site);
  for (let pair = 0; pair < 5; pair++) await vote(voter.browser, 'left', `${topic.path}/vote`);
  await voter.browser.post('/vote/undo').expect(303);
  await guestVotes(site, topic, 4);
  await closeForVotes(site.db, { topicId: topic.id, userId: null });
  await site.rank();
  await voter.browser.post('/profile/close').type('form').send({ person: voter.id, votes: 'withdraw' });
  await site.rank();
  const { json } = (await resultsOf(topic)) as { json: { votes: number } };
  expect(json.votes).toBe(8);
  // As if the dump came from a server with many more transactions.
  const move = (column: string) =>
    sql.raw(`${column} = (${column}::text::numeric + 90000000000000000)::text::xid8`);
  for (const [table, columns] of [
    ['votes', ['xid', 'withdrawn_xid']],
    ['voter_events', ['xid']],
    ['ranker_position', ['xid']],
    ['topics', ['closed_xid']],
  ] as const) {
    await sql`alter table ${sql.table(table)} disable trigger user`.execute(site.db);
    await sql`update ${sql.table(table)} set ${sql.join(columns.map(move))}`.execute(site.db);
    await sql`alter table ${sql.table(table)} enable trigger user`.execute(site.db);
  }
  expect(await adoptLedger(site.db)).toBe(true);
  await site.rank();
  expect(((await resultsOf(topic)) as { json: object }).json).toEqual(json);
});

it('keeps the things of a closed topic', async () => {
  const topic = await makeTopic(site);
  await closeForVotes(site.db, { topicId: topic.id, userId: topic.owner.id });
  const retire = site.db.updateTable('things').set({ retiredAt: new Date() }).where('topicId', '=', topic.id);
  await expect(retire.execute()).rejects.toThrow('things of a closed topic');
  const add = site.db.insertInto('things').values({ topicId: topic.id, slug: 'late', name: 'Late' });
  await expect(add.execute()).rejects.toThrow('things of a closed topic');
  await site.db
    .updateTable('things')
    .set({ description: 'New words' })
    .where('topicId', '=', topic.id)
    .execute();
});

it('opens a draft by one act', async () => {
  const topic = await makeTopic(site, { phase: 'draft' });
  await visit(site).get(`${topic.path}/vote`).expect(404);
  const page = await topic.owner.browser.get(`${topic.path}/vote`).expect(200);
  expect(read(page.text)('h2').first().text()).toBe('Voting hasn’t started yet');
  await openForVotes(site.db, { topicId: topic.id, userId: topic.owner.id });
  await site.boards.refresh();
  await vote(visit(site), 'left', `${topic.path}/vote`);
});
