import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { findAddress, setAddress } from '../../src/auth/email/addresses.js';
import { rememberChallenge } from '../../src/auth/passkeys/challenges.js';
import { purgeExpired } from '../../src/auth/purge-expired.js';
import { makeResetLink } from '../../src/auth/recovery/reset-link.js';
import { member, useSite } from '../site.js';

const site = useSite();
const client = { device: 'Firefox on Linux', address: '10.0.0.1', userAgent: undefined };

/** A member with a former name, a link for a new password, and an address that is not confirmed. */
async function memberWithAll() {
  const { browser, id } = await member(site);
  await browser
    .post('/profile/name')
    .type('form')
    .send({ 'new-name': `other${id}` })
    .expect(303);
  await makeResetLink(site, id);
  await setAddress(site.db, { userId: id, sessionId: 0, client, address: `${id}@mail.example` });
  return id;
}

it('deletes what has expired in accounts, and nothing else', async () => {
  const [expired, kept, renewing] = [await memberWithAll(), await memberWithAll(), await memberWithAll()];
  for (const scope of ['log-in', 'confirm 1'] as const) await rememberChallenge(site.db, scope, scope);
  for (const statement of [
    sql`update former_names set kept_until = now() - interval '1 second' where user_id = ${expired}`,
    sql`update reset_links set expires_at = now() - interval '1 second' where user_id = ${expired}`,
    sql`update email_addresses set token_expires_at = now() - interval '1 second' where user_id = ${expired}`,
    sql`update email_addresses set confirmed_at = now(), new_address = 'next@mail.example',
      token_expires_at = now() - interval '1 second' where user_id = ${renewing}`,
    sql`insert into site_invitations (token_hash, note, expires_at, used_at) values
      (${'a'.repeat(64)}, 'Ann', now() - interval '31 days', null),
      (${'b'.repeat(64)}, 'Bob', now() - interval '29 days', null),
      (${'c'.repeat(64)}, 'Cas', now() - interval '31 days', now() - interval '40 days')`,
    sql`update passkey_challenges set expires_at = now() - interval '1 second' where scope = 'log-in'`,
  ])
    await statement.execute(site.db);
  await purgeExpired(site.db);
  const usersIn = async (table: 'formerNames' | 'resetLinks' | 'emailAddresses') =>
    (await site.db.selectFrom(table).select('userId').orderBy('userId').execute()).map(
      ({ userId }) => userId,
    );
  expect(await usersIn('formerNames')).toEqual([kept, renewing]);
  expect(await usersIn('resetLinks')).toEqual([kept, renewing]);
  expect(await usersIn('emailAddresses')).toEqual([kept, renewing]);
  expect(await findAddress(site.db, renewing)).toMatchObject({
    address: `${renewing}@mail.example`,
    newAddress: null,
  });
  const notes = await site.db.selectFrom('siteInvitations').select('note').orderBy('note').execute();
  expect(notes).toEqual([{ note: 'Bob' }, { note: 'Cas' }]);
  const scopes = await site.db.selectFrom('passkeyChallenges').select('scope').execute();
  expect(scopes).toEqual([{ scope: 'confirm 1' }]);
});
