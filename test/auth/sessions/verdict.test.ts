import { expect, it } from 'vitest';
import { member, useSite } from '../../site.js';

// Everybody is at an address of their own, so that many may register at once.
const site = useSite({ trustProxy: 1 });

it('refuses at the very next request whoever was logged out elsewhere, also among many who ask at once', async () => {
  const people = await Promise.all(Array.from({ length: 6 }, () => member(site)));
  const ask = () =>
    Promise.all(people.flatMap(({ browser }) => [browser.get('/profile'), browser.get('/profile')]));
  expect((await ask()).map(({ status }) => status)).toEqual(people.flatMap(() => [200, 200]));

  const ended = people.filter((_person, index) => index % 2 === 0);
  await site.db
    .updateTable('sessions')
    .set({ status: 'inactive', endReason: 'revoked', endedAt: new Date() })
    .where(
      'userId',
      'in',
      ended.map(({ id }) => id),
    )
    .execute();
  const answers = await ask();
  expect(answers.map(({ status }) => status)).toEqual(
    people.flatMap((person) => (ended.includes(person) ? [303, 303] : [200, 200])),
  );
});

it('gives everybody who asks at once their own page', async () => {
  const people = await Promise.all(Array.from({ length: 8 }, () => member(site)));
  const pages = await Promise.all(people.map(({ browser }) => browser.get('/profile').expect(200)));
  for (const [index, { username }] of people.entries()) {
    expect(pages[index]?.text).toContain(`>${username}</a>`);
    for (const other of people)
      if (other.username !== username) expect(pages[index]?.text).not.toContain(`>${other.username}<`);
  }
});
