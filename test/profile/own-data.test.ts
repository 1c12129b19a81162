import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import { member, read, topic, useSite, vote } from '../site.js';

const site = useSite();
beforeAll(() => topic(site));

/** Where the export has what a column says about a person: a field of the JSON, or why it is left out. */
const COLUMNS: Record<string, { field: string } | { leftOut: string }> = {
  'users.id': { field: 'userId' },
  'users.username': { field: 'username' },
  'users.username_key': { leftOut: 'the name, to compare it' },
  'users.name_skeleton': { leftOut: 'the name, to compare it' },
  'users.password_hash': { leftOut: 'a secret' },
  'users.role': { field: 'role' },
  'users.created_at': { field: 'memberSince' },
  'users.disabled_at': { leftOut: 'who reads the export is not disabled' },
  'users.disabled_reason': { leftOut: 'who reads the export is not disabled' },
  'users.awaiting_since': { leftOut: 'who reads the export does not wait' },
  'users.webauthn_id': { leftOut: 'a random number by which passkeys name the account' },
  'voters.id': { field: 'userId' },
  'voters.kind': { leftOut: 'the same for all members' },
  'voters.imported_as': { leftOut: 'members are not imported' },
  'voters.network_group': { leftOut: 'a code that only this site can make; the privacy page tells of it' },
  'voters.wide_group': { leftOut: 'a code that only this site can make; the privacy page tells of it' },
  'voters.created_at': { field: 'memberSince' },
  'sessions.user_id': { field: 'sessions' },
  'session_events.user_id': { field: 'events' },
  'session_events.session_id': { field: 'events' },
  'votes.voter_id': { field: 'votes' },
  'shares.user_id': { field: 'shares' },
  'shared_things.share_id': { field: 'shares' },
  'suggestions.voter_id': { field: 'suggestions' },
  'flags.voter_id': { field: 'flags' },
  'things.added_by': { field: 'things' },
  'topic_roles.user_id': { field: 'topicRoles' },
  'role_links.created_by': { field: 'roleLinks' },
  'topic_events.user_id': { field: 'topicEvents' },
  'invitations.voter_id': { field: 'invitations' },
  'site_invitations.created_by': { field: 'siteInvitations' },
  'site_invitations.used_by': { field: 'siteInvitations' },
  'passkeys.user_id': { field: 'access' },
  'recovery_codes.user_id': { field: 'access' },
  'former_names.user_id': { field: 'access' },
  'email_addresses.user_id': { field: 'access' },
  'reset_links.user_id': { leftOut: 'the events of the account tell of each' },
  'own_work.voter_id': { leftOut: 'a view of invitations and suggestions' },
  'chain_heads.user_id': { leftOut: 'the last event has the same hash' },
  'chain_heads.user_key': { leftOut: 'the same as user_id' },
  'suggestions.decided_by': { leftOut: 'the events of the topic tell of each decision' },
  'flags.decided_by': { leftOut: 'the events of the topic tell of each decision' },
  'voter_events.voter_id': { leftOut: 'the events of the account tell of each' },
  'topic_voters.voter_id': { leftOut: 'counted from the votes' },
};

/** The columns of accounts and voters, and those that refer to them, to a session or a link. */
async function columnsAboutPeople(): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select conrelid::regclass::text || '.' || attname as name
    from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1]
    where contype = 'f'
      and confrelid in ('users'::regclass, 'voters'::regclass, 'sessions'::regclass, 'shares'::regclass)
    union select table_name || '.' || column_name from information_schema.columns
    where table_schema = 'public'
      and (column_name in ('user_id', 'voter_id', 'user_key') or table_name in ('users', 'voters'))
    order by 1`.execute(site.db);
  return rows.map(({ name }) => name);
}

it('exports each column that is about a person, or says why it is left out', async () => {
  expect(await columnsAboutPeople()).toEqual(Object.keys(COLUMNS).sort());
  const { browser, id } = await member(site);
  await vote(browser);
  const { rows } = await sql<{ topicId: number; thingId: number }>`
    select topic_id, id as thing_id from things limit 1`.execute(site.db);
  const { topicId = 0, thingId = 0 } = rows[0] ?? {};
  for (const statement of [
    sql`insert into suggestions (topic_id, voter_id, name) values (${topicId}, ${id}, 'Gyoza')`,
    sql`insert into flags (topic_id, thing_id, voter_id, reason) values (${topicId}, ${thingId}, ${id}, 'Wrong')`,
    sql`insert into topic_roles (topic_id, user_id, role) values (${topicId}, ${id}, 'owner')`,
    sql`insert into role_links (topic_id, role, token_hash, created_by, expires_at)
      values (${topicId}, 'viewer', ${'a'.repeat(64)}, ${id}, now())`,
    sql`insert into topic_events (topic_id, user_id, kind) values (${topicId}, ${id}, 'made')`,
    sql`insert into invitations (topic_id, token_hash, name, voter_id)
      values (${topicId}, ${'b'.repeat(64)}, 'Ann', ${id})`,
    sql`insert into site_invitations (token_hash, created_by, expires_at)
      values (${'d'.repeat(64)}, ${id}, now())`,
    sql`update things set added_by = ${id} where id = ${thingId}`,
    sql`insert into passkeys (user_id, credential_id, public_key, counter, name)
      values (${id}, ${'e'.repeat(40)}, ${'f'.repeat(40)}, 0, 'My laptop')`,
    sql`insert into former_names (username_key, username, name_skeleton, user_id, kept_until)
      values ('annie', 'Annie', 'annie', ${id}, now() + interval '1 day')`,
    sql`insert into email_addresses (user_id, address, confirmed_at, new_address, token_hash, token_expires_at)
      values (${id}, 'ann@old.example', now(), 'ann@new.example', ${'2'.repeat(64)}, now())`,
    sql`insert into reset_links (user_id, is_mailed, token_hash, expires_at)
      values (${id}, false, ${'1'.repeat(64)}, now())`,
    sql`with share as (insert into shares (token, user_id, topic_id, is_named, votes)
        values (${'c'.repeat(22)}, ${id}, ${topicId}, true, 1) returning id)
      insert into shared_things (share_id, topic_id, rank, thing_id)
      select id, ${topicId}, 1, ${thingId} from share`,
  ])
    await statement.execute(site.db);
  const text = (await browser.get('/profile/export').expect(200)).text;
  const data = JSON.parse(text);
  for (const [column, place] of Object.entries(COLUMNS))
    if ('field' in place) {
      expect(data, column).toHaveProperty(place.field);
      expect(data[place.field], column).not.toEqual([]);
    }
  expect(data.access).toEqual({
    passkeys: [expect.objectContaining({ name: 'My laptop', createdAt: expect.any(String) })],
    recoveryCodeMade: expect.any(String),
    formerNames: [{ username: 'Annie', keptUntil: expect.any(String) }],
    email: {
      address: 'ann@old.example',
      confirmedAt: expect.any(String),
      newAddress: 'ann@new.example',
    },
  });
  expect(data.shares[0].things).toHaveLength(1);
  const hashes = ['a', 'b', 'd', '1', '2'].map((letter) => letter.repeat(64));
  for (const secret of [...hashes, 'c'.repeat(22), 'e'.repeat(40), 'f'.repeat(40)])
    expect(text).not.toContain(secret);
});

it('leaves what the person proposed, flagged and added without a name when the account closes', async () => {
  const { browser, id } = await member(site);
  const { rows } = await sql<{ topicId: number; thingId: number }>`
    select topic_id, id as thing_id from things order by id desc limit 1`.execute(site.db);
  const { topicId = 0, thingId = 0 } = rows[0] ?? {};
  await sql`insert into suggestions (topic_id, voter_id, name) values (${topicId}, ${id}, 'Udon')`.execute(
    site.db,
  );
  await sql`insert into flags (topic_id, thing_id, voter_id, reason)
    values (${topicId}, ${thingId}, ${id}, 'Odd')`.execute(site.db);
  const page = await browser.get('/profile/close').expect(200);
  const person = String(read(page.text)('[name=person]').val());
  await browser.post('/profile/close').type('form').send({ votes: 'keep', person }).expect(303);
  const { rows: left } = await sql`
    select (select count(*)::int from suggestions where name = 'Udon' and voter_id is null) as suggestions,
      (select count(*)::int from flags where reason = 'Odd' and voter_id is null) as flags`.execute(site.db);
  expect(left).toEqual([{ suggestions: 1, flags: 1 }]);
});
