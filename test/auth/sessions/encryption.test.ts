import { expect, it } from 'vitest';
import { createEncryptedSerializer, DecryptionError } from '../../../src/auth/sessions/encryption.js';
import { hashSessionId } from '../../../src/auth/sessions/sessions.js';
import { itOnRedis, member, useSite } from '../../site.js';

const site = useSite();
const [old, recent] = ['an older secret of some length 1234', 'a newer secret of some length 56789'];

it('decrypts with an older secret while it is listed, and not after it was removed', () => {
  const encrypted = createEncryptedSerializer([old]).stringify({ userId: 7 });
  expect(encrypted).not.toContain('userId');
  expect(createEncryptedSerializer([recent, old]).parse(encrypted)).toEqual({ userId: 7 });
  expect(() => createEncryptedSerializer([recent]).parse(encrypted)).toThrow(DecryptionError);
});

it('encrypts the same state to a different text each time', () => {
  const serializer = createEncryptedSerializer([old]);
  expect(serializer.stringify({ userId: 7 })).not.toBe(serializer.stringify({ userId: 7 }));
});

it('rejects text that was cut, changed or invented', () => {
  const serializer = createEncryptedSerializer([old]);
  const encrypted = serializer.stringify({ userId: 7 });
  for (let index = 2; index < encrypted.length - 1; index++) {
    const changed =
      encrypted.slice(0, index) + (encrypted[index] === 'A' ? 'B' : 'A') + encrypted.slice(index + 1);
    expect(() => serializer.parse(changed)).toThrow(DecryptionError);
    expect(() => serializer.parse(encrypted.slice(0, index))).toThrow(DecryptionError);
  }
  for (const text of ['', '1.', '{"userId":7}', `2${encrypted.slice(1)}`])
    expect(() => serializer.parse(text)).toThrow(DecryptionError);
});

const events = async (userId: number) => {
  const rows = await site.db
    .selectFrom('sessionEvents')
    .where('userId', '=', userId)
    .select('kind')
    .orderBy('id')
    .execute();
  return rows.map(({ kind }) => kind);
};

const keyOf = async (userId: number): Promise<string> => {
  const row = await site.db
    .selectFrom('sessions')
    .where('userId', '=', userId)
    .selectAll()
    .executeTakeFirstOrThrow();
  return `${site.prefix}session:${row.accessTokenHash}`;
};

itOnRedis('ignores and records state that was copied from another session or changed', async () => {
  const one = await member(site);
  const other = await member(site);
  const state = (await site.redis?.get(await keyOf(one.id))) ?? '';
  expect(state).not.toContain('userId');
  await site.redis?.set(await keyOf(other.id), state);
  const profile = await other.browser.get('/profile').expect(200);
  expect(profile.text).toContain(other.username);
  expect(await events(other.id)).toEqual(['login', 'tampered']);

  await site.redis?.set(await keyOf(one.id), state.slice(0, -4));
  await one.browser.get('/profile').expect(200);
  await one.browser.get('/profile').expect(200);
  expect(await events(one.id)).toEqual(['login', 'tampered']);
});

itOnRedis('ignores state in Redis that belongs to no session', async () => {
  const { id } = await member(site);
  const state = (await site.redis?.get(await keyOf(id))) ?? '';
  await site.redis?.set(`${site.prefix}session:${hashSessionId('made-up')}`, state);
  const answer = await fetch(`${site.origin}/profile`, {
    redirect: 'manual',
    headers: { Cookie: 'thinga=s%3Amade-up.x' },
  });
  expect(answer.status).toBe(303);
});
