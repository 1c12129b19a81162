import { expect, it } from 'vitest';
import { createEncryption, DecryptionError } from '../../../src/auth/sessions/encryption.js';
import { hashSessionId } from '../../../src/auth/sessions/sessions.js';
import { itOnRedis, member, useSite } from '../../site.js';

const site = useSite();
const [old, recent] = ['an older secret of some length 1234', 'a newer secret of some length 56789'];

it('opens what it sealed, also after a newer secret was put first, and nothing once the old one is gone', () => {
  const sealed = createEncryption([old]).stringify({ userId: 7 });
  expect(sealed).not.toContain('userId');
  expect(createEncryption([recent, old]).parse(sealed)).toEqual({ userId: 7 });
  expect(() => createEncryption([recent]).parse(sealed)).toThrow(DecryptionError);
});

it('never seals the same state to the same text', () => {
  const seal = createEncryption([old]);
  expect(seal.stringify({ userId: 7 })).not.toBe(seal.stringify({ userId: 7 }));
});

it('opens nothing that was cut, changed or made up', () => {
  const seal = createEncryption([old]);
  const sealed = seal.stringify({ userId: 7 });
  for (let place = 2; place < sealed.length - 1; place++) {
    const changed = sealed.slice(0, place) + (sealed[place] === 'A' ? 'B' : 'A') + sealed.slice(place + 1);
    expect(() => seal.parse(changed)).toThrow(DecryptionError);
    expect(() => seal.parse(sealed.slice(0, place))).toThrow(DecryptionError);
  }
  for (const text of ['', '1.', '{"userId":7}', `2${sealed.slice(1)}`])
    expect(() => seal.parse(text)).toThrow(DecryptionError);
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

itOnRedis(
  'takes state that was moved from another session, or changed, for none, and records it',
  async () => {
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
  },
);

itOnRedis('lets nobody in by state that was put there for a session that never was', async () => {
  const { id } = await member(site);
  const state = (await site.redis?.get(await keyOf(id))) ?? '';
  await site.redis?.set(`${site.prefix}session:${hashSessionId('made-up')}`, state);
  const answer = await fetch(`${site.origin}/profile`, {
    redirect: 'manual',
    headers: { Cookie: 'thinga=s%3Amade-up.x' },
  });
  expect(answer.status).toBe(303);
});
