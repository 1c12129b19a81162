import { makeTopic, reload } from '../organize/topics.js';
import { member, type Site } from '../site.js';

/**
 * Gives admins something to look at: people, a topic, something to review, an alarm and a group.
 * @returns the pages, below `/admin`
 */
export async function fillAdminPages(site: Site): Promise<string[]> {
  const made = await makeTopic(site, { access: 'public', title: 'Owls of the world' });
  const [person, waiting] = [await member(site), await member(site)];
  const { db } = site;
  await db.updateTable('users').set({ awaitingSince: new Date() }).where('id', '=', waiting.id).execute();
  const thing = await db
    .selectFrom('things')
    .where('topicId', '=', made.id)
    .select('id')
    .executeTakeFirstOrThrow();
  const row = { topicId: made.id, thingId: thing.id };
  await db
    .insertInto('suggestions')
    .values({ topicId: made.id, voterId: person.id, name: 'Barn owl' })
    .execute();
  await db
    .insertInto('flags')
    .values({ ...row, voterId: person.id, reason: 'It is no owl.' })
    .execute();
  const details = JSON.stringify({ deviation: 6.3 });
  const alarm = await db
    .insertInto('siteEvents')
    .values({ ...row, kind: 'one-sided votes', details })
    .returning('id')
    .executeTakeFirst();
  const networkGroup = 'a'.repeat(64);
  await db
    .insertInto('setApartGroups')
    .values({ ...row, networkGroup, deviation: 5.1 })
    .execute();
  for (const { id } of [person, waiting]) {
    await db.updateTable('voters').set({ wideGroup: networkGroup }).where('id', '=', id).execute();
    const votes = { votes: 21, skips: 1, latestAt: new Date(), recentPairs: '[]' };
    await db
      .insertInto('topicVoters')
      .values({ topicId: made.id, voterId: id, ...votes })
      .execute();
  }
  await reload(site);
  return [
    ...['', '/people', '/people?show=waiting', `/people/${person.id}`, `/people/${waiting.id}`],
    ...['/people/invitations', '/topics', `/topics/${made.id}`, '/review', '/stuffing'],
    ...[`/stuffing/alarms/${alarm?.id}`, `/stuffing/topics/${made.id}/groups/${networkGroup}`],
    ...['/activity', '/activity?show=all', '/settings', '/health'],
  ];
}
