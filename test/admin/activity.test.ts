import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { makeTopic } from '../organize/topics.js';
import { member, read, useSite } from '../site.js';
import { admin, open, send, textsOf } from './admins.js';

const site = useSite();

it('tells who did what to whom, by kind, person and day', async () => {
  const [boss, other, person] = [await admin(site), await admin(site), await member(site)];
  await send(boss, `/people/${person.id}/disable`, { reason: 'Spam' }).expect(303);
  await send(other, `/people/${person.id}/enable`).expect(303);
  const made = await makeTopic(site, { title: 'Owls' });
  await send(boss, `/topics/${made.id}/hide`).expect(303);

  const list = async (query: string) =>
    textsOf(await open(boss, `/activity?${query}`), '.entries p:first-child');
  expect(await list('')).toEqual([
    'Topic hidden: Owls',
    `Account enabled: ${person.username}`,
    `Account disabled: ${person.username}`,
  ]);
  expect(await list(`person=${other.username}`)).toEqual([`Account enabled: ${person.username}`]);
  expect(await list(`person=${person.username}`)).toEqual([
    `Account enabled: ${person.username}`,
    `Account disabled: ${person.username}`,
  ]);
  expect(await list('person=nobody-at-all')).toEqual([]);
  expect(await list(`show=accounts&person=${person.username}`)).toEqual([
    'Account was enabled',
    'Account was disabled',
  ]);
  expect(await list('show=topics')).toContain('Hidden by an admin: Owls');
  const today = new Date().toISOString().slice(0, 10);
  expect(await list(`from=${today}&to=${today}`)).toHaveLength(3);
  expect(await list('to=2025-01-01')).toEqual([]);
  expect(await list('from=not-a-day&before=x')).toHaveLength(3);
});

it('says in words what happened to an account, also where its owner did it', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  await person.browser.post('/profile/recovery-code').type('form').send({}).expect(303);
  await person.browser
    .post('/profile/name')
    .type('form')
    .send({ 'new-name': `${person.username}-new` })
    .expect(303);
  await person.browser.post('/logout').expect(303);
  await send(boss, `/people/${person.id}/reset-link`).expect(303);
  const events = textsOf(await open(boss, `/people/${person.id}`), '.entries p:first-child');
  expect(events).toEqual(
    expect.arrayContaining([
      'A new recovery code was made',
      'The name was changed',
      'Logged out',
      'A link for a new password was made',
    ]),
  );
  expect(events.filter((text) => /^[a-z-]+$/.test(text))).toEqual([]);
});

it('shows long lists in pages, without a gap', async () => {
  const boss = await admin(site);
  await sql`
    insert into session_events (kind, user_id, reason)
    select 'admin-invited', ${boss.id}, 'number ' || n from generate_series(1, 120) as n`.execute(site.db);
  const seen: string[] = [];
  let path: string | undefined = `/admin/activity?person=${boss.username}`;
  while (path) {
    const $ = read((await boss.browser.get(path).expect(200)).text);
    seen.push(...textsOf($, '.entries [dir=auto]'));
    path = $('.actions a').attr('href');
  }
  expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => `number ${120 - index}`));
});

it('checks the record, and names the event that was changed', async () => {
  const boss = await admin(site);
  expect(textsOf(await open(boss, '/activity'), '#record + p')).toEqual(['Nobody has checked it yet.']);
  await send(boss, '/activity/check').expect(303);
  expect(textsOf(await open(boss, '/activity'), '#record + p')[0]).toMatch(
    /^Whole: \d+ events in \d+ chains, up to event \d+\.$/,
  );
  await site.db.transaction().execute(async (trx) => {
    await sql`alter table session_events disable trigger session_events_only_chained`.execute(trx);
    await sql`update session_events set kind = 'logout' where user_id = ${boss.id} and sequence = 1`.execute(
      trx,
    );
    await sql`alter table session_events enable trigger session_events_only_chained`.execute(trx);
  });
  await send(boss, '/activity/check').expect(303);
  expect(textsOf(await open(boss, '/activity'), '#record + p')[0]).toContain(`event 1 of ${boss.username}`);
});
