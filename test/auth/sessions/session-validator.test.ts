import { expect, it } from 'vitest';
import { member, useSite } from '../../site.js';

// Each user has an address of their own, so that many may register at once.
const site = useSite({ trustProxy: 1 });

it('refuses ended sessions at the next request, even among many simultaneous requests', async () => {
  const users = await Promise.all(Array.from({ length: 6 }, () => member(site)));
  const ask = () =>
    Promise.all(users.flatMap(({ browser }) => [browser.get('/profile'), browser.get('/profile')]));
  expect((await ask()).map(({ status }) => status)).toEqual(users.flatMap(() => [200, 200]));

  const ended = users.filter((_user, index) => index % 2 === 0);
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
    users.flatMap((user) => (ended.includes(user) ? [303, 303] : [200, 200])),
  );
});

it('gives each of many simultaneous users their own page', async () => {
  const users = await Promise.all(Array.from({ length: 8 }, () => member(site)));
  const pages = await Promise.all(users.map(({ browser }) => browser.get('/profile').expect(200)));
  for (const [index, { username }] of users.entries()) {
    expect(pages[index]?.text).toContain(`>${username}</bdi>`);
    for (const other of users)
      if (other.username !== username) expect(pages[index]?.text).not.toContain(`>${other.username}<`);
  }
});
