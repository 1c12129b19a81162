import { sql } from 'kysely';
import { expect, it, vi } from 'vitest';
import type { Database } from '../../src/database.js';
import { itOnPostgres, member, read, topic, useSite, visit, vote } from '../site.js';
import { actsOf, admin, logIn, open, send, textsOf } from './admins.js';

const site = useSite();

it('finds people by a part of their name, and shows those first whose name starts with it', async () => {
  const boss = await admin(site);
  for (const username of ['marina', 'arina', 'Arinola', 'boris']) await member(site, { username });
  const $ = await open(boss, '/people?q=ARIN');
  expect(textsOf($, '.entries .name')).toEqual(['arina', 'Arinola', 'marina']);
  expect(textsOf(await open(boss, '/people?q=nobody-like-it'), '.lead')).toEqual([
    'Nobody here has such a name.',
  ]);
});

it('shows long lists in pages', async () => {
  const boss = await admin(site);
  await sql`
    with made as (insert into voters (kind) select 'member' from generate_series(1, 60) returning id)
    insert into users (id, username, username_key, name_skeleton, password_hash)
    select id, 'paged' || id, 'paged' || id, 'paged' || id, repeat('x', 60) from made`.execute(site.db);
  const $ = await open(boss, '/people?q=paged');
  expect($('.entries li')).toHaveLength(50);
  const next = String($('.pages [rel=next]').attr('href'));
  expect(read((await boss.browser.get(next)).text)('.entries li')).toHaveLength(10);
});

it('gives the role of admin and takes it, and records who did it', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  await person.browser.get('/admin').expect(404);
  await send(boss, `/people/${person.id}/give-role`).expect(303);
  await person.browser.get('/admin').expect(200);
  await send(boss, `/people/${person.id}/take-role`).expect(303);
  await person.browser.get('/admin').expect(404);
  expect(await actsOf(site, boss)).toEqual([
    { kind: 'admin-role-taken', reason: `person ${person.id}` },
    { kind: 'admin-role-given', reason: `person ${person.id}` },
  ]);
  const own = read((await person.browser.get('/profile/sessions')).text)('main').text();
  expect(own).toContain('You became an admin of this site');
});

it('leaves the last admin their role, in the verb and in the database', async () => {
  const alone = await admin(site);
  await site.db.updateTable('users').set({ role: 'member' }).where('id', '<>', alone.id).execute();
  await send(alone, `/people/${alone.id}/take-role`).expect(409);
  await send(alone, `/people/${alone.id}/disable`, { reason: 'Holiday' }).expect(409);
  for (const change of [
    sql`update users set role = 'member' where id = ${alone.id}`,
    sql`update users set disabled_at = now() where id = ${alone.id}`,
  ])
    await expect(change.execute(site.db)).rejects.toThrow('the site needs an admin');
  await alone.browser
    .post('/profile/close')
    .type('form')
    .send({ person: String(alone.id), votes: 'keep' })
    .expect(409);
  await alone.browser.get('/admin').expect(200);
});

itOnPostgres('keeps an admin when two take each other’s role at the same moment', async () => {
  const [one, other] = [await admin(site), await admin(site)];
  await site.db
    .updateTable('users')
    .set({ role: 'member' })
    .where('id', 'not in', [one.id, other.id])
    .execute();
  const answers = await Promise.all([
    send(one, `/people/${other.id}/take-role`),
    send(other, `/people/${one.id}/take-role`),
  ]);
  expect(answers.map(({ status }) => status)).toContain(303);
  const admins = await site.db.selectFrom('users').where('role', '=', 'admin').select('id').execute();
  expect(admins).toHaveLength(1);
});

it('disables an account with a reason, which only its user reads, and lifts it', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  const page = await send(boss, `/people/${person.id}/disable`, { reason: ' ' }).expect(422);
  expect(read(page.text)('#reason-error').text()).toContain('Say in 1 to 300 characters why');
  await send(boss, `/people/${person.id}/disable`, { reason: 'Spam in three topics' }).expect(303);
  await person.browser.get('/profile').expect(303);
  expect(read((await person.browser.get('/login')).text)('.flash').text()).toContain(
    '“Spam in three topics”',
  );
  expect(await logIn(site, person)).toEqual({
    status: 422,
    text: 'The people who run this site have disabled your account. They say: “Spam in three topics”',
  });
  const stranger = await logIn(site, { ...person, password: 'not the password' });
  expect(stranger.text).toBe((await logIn(site, { username: 'nobody-at-all', password: 'x' })).text);
  expect((await actsOf(site, boss))[0]).toEqual({
    kind: 'admin-disabled',
    reason: `person ${person.id}: Spam in three topics`,
  });
  await send(boss, `/people/${person.id}/enable`).expect(303);
  expect((await logIn(site, person)).status).toBe(303);
});

it('ends all sessions of a person at once', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  await send(boss, `/people/${person.id}/end-sessions`).expect(303);
  await person.browser.get('/profile').expect(303);
  await boss.browser.get('/profile').expect(200);
});

it('does not take what organisers decided in their topic for a decision of the site', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  const { slug } = await topic(site, { slug: 'apart-in-one' });
  const { id: topicId } = await site.db
    .selectFrom('topics')
    .where('slug', '=', slug)
    .select('id')
    .executeTakeFirstOrThrow();
  await send(boss, `/people/${person.id}/void-votes`).expect(303);
  await site.db.insertInto('voterEvents').values({ voterId: person.id, topicId, kind: 'restored' }).execute();
  const text = async (): Promise<string> => (await open(boss, `/people/${person.id}`))('main').text();
  expect(await text()).toContain('They are void.');
  await send(boss, `/people/${person.id}/restore-votes`).expect(303);
  await site.db
    .insertInto('voterEvents')
    .values({ voterId: person.id, topicId, kind: 'set apart' })
    .execute();
  expect(await text()).toContain('They count.');
});

it('makes a link for a new password, which only the admin who made it sees, and records it', async () => {
  const [boss, other, person] = [await admin(site), await admin(site), await member(site)];
  await send(boss, `/people/${person.id}/reset-link`).expect(303);
  const link = String((await open(boss, `/people/${person.id}`))('#reset').val());
  expect((await open(other, `/people/${person.id}`))('#reset')).toHaveLength(0);
  const password = 'another long phrase';
  await visit(site).post(new URL(link).pathname).type('form').send({ password }).expect(303);
  expect((await logIn(site, { username: person.username, password })).status).toBe(303);
  expect((await open(boss, `/people/${person.id}`))('#reset')).toHaveLength(0);
  expect(await actsOf(site, boss)).toEqual([{ kind: 'admin-reset-link', reason: `person ${person.id}` }]);
  const events = (await open(boss, `/people/${person.id}`))('main').text();
  expect(events).toContain('A link for a new password was made');
  expect(events).toContain('The password was changed with a link');
});

it('sets votes apart, makes them void, and counts them again', async () => {
  await topic(site);
  const [boss, person] = [await admin(site), await member(site)];
  await vote(person.browser);
  const countOf = async () => {
    await site.rank();
    return (await site.db.selectFrom('ratings').select('thingId').execute()).length;
  };
  expect(await countOf()).toBe(2);
  for (const [act, counted] of [
    ['set-votes-apart', 0],
    ['restore-votes', 2],
    ['void-votes', 0],
    ['restore-votes', 2],
  ] as const) {
    await send(boss, `/people/${person.id}/${act}`).expect(303);
    expect([act, await countOf()]).toEqual([act, counted]);
  }
  const kinds = await site.db
    .selectFrom('voterEvents')
    .where('voterId', '=', person.id)
    .select('kind')
    .execute();
  expect(kinds.map(({ kind }) => kind)).toEqual(['set apart', 'restored', 'voided', 'restored']);
  expect((await actsOf(site, boss)).map(({ kind }) => kind)).toEqual([
    ...['admin-votes-restored', 'admin-votes-voided', 'admin-votes-restored', 'admin-votes-set-apart'],
  ]);
});

it('keeps the device and the address of an admin out of the person’s own list', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  await send(boss, `/people/${person.id}/set-votes-apart`).expect(303);
  const { rows } = await sql<{ device: string | null }>`
    select device from session_events left join session_event_origins on event_id = id
    where user_id = ${person.id} and kind = 'votes-set-apart'`.execute(site.db);
  expect(rows).toEqual([{ device: null }]);
  const other = visit(site);
  await other.get('/login').expect(200);
});

it('leaves nothing in the browser at the log-out from which new links could be made', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  await send(boss, `/people/${person.id}/reset-link`).expect(303);
  const page = async () => (await open(boss, `/people/${person.id}`))('main').html();
  expect(await page()).toContain('/reset/');
  await boss.browser.post('/logout').expect(303);
  await boss.browser.post('/login').type('form').send(boss).expect(303);
  expect(await page()).not.toContain('/reset/');
});

itOnPostgres('keeps the account of somebody whom another admin lets in at the same moment', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  const users = (db: Database) => db.updateTable('users').where('id', '=', person.id);
  await users(site.db).set({ awaitingSince: new Date() }).execute();
  const { refusing } = await site.db.transaction().execute(async (trx) => {
    await users(trx).set({ awaitingSince: null }).execute();
    const refusing = send(boss, `/people/${person.id}/refuse`).then(({ status }) => status);
    const waits = sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await vi.waitUntil(async () => (await waits.execute(site.db)).rows.length > 0);
    return { refusing };
  });
  expect(await refusing).toBe(404);
  await person.browser.get('/profile').expect(200);
});
