import { EventEmitter, once } from 'node:events';
import { expect, it } from 'vitest';
import { itOnPostgres, member, openSite, topic, useSite, visit, vote } from '../site.js';

const site = useSite({ readyMaxLagSeconds: 1 });

const ready = async (where = site) => {
  const { status, text } = await visit(where).get('/readyz');
  return { status, lines: text.trim().split('\n') };
};

it('is ready while all parts work, and names them', async () => {
  expect(await ready()).toEqual({
    status: 200,
    lines: ['database ok', 'redis ok', 'ranker ok', 'disk ok'],
  });
});

itOnPostgres('is not ready while all connections are in use, and says so', async () => {
  const events = new EventEmitter().setMaxListeners(0);
  const release = once(events, 'release');
  const holders = Array.from({ length: 10 }, (_, holder) =>
    site.db.connection().execute(async () => {
      events.emit(`held ${holder}`);
      await release;
    }),
  );
  await Promise.all(holders.map((_, holder) => once(events, `held ${holder}`)));
  const { status, lines } = await ready();
  events.emit('release');
  await Promise.all(holders);
  expect([status, lines[0]]).toEqual([503, 'database exhausted: all connections are in use']);
  expect((await ready()).status).toBe(200);
});

it('is not ready while the ranker leaves the same vote unread, and is again when it has read it', async () => {
  await topic(site);
  const { browser } = await member(site);
  await vote(browser);
  let answer = await ready();
  while (answer.status === 200) answer = await ready();
  expect(answer.lines[2]).toMatch(/^ranker stuck: a vote has waited for \d+ seconds$/);
  await site.rank();
  expect((await ready()).lines).toContain('ranker ok');
});

it('is not ready with too little room on its disk, and says how much there is', async () => {
  const full = await openSite({ readyMinDiskMb: 1e12 });
  const { status, lines } = await ready(full);
  await full.close();
  expect([status, lines[3]]).toEqual([503, expect.stringMatching(/^disk full: \d+ MB are free$/)]);
});
