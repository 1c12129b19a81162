import type { Database } from '../../database.js';

/** What a user did in topics as somebody who runs, proposes or is invited, oldest first. */
export async function readOwnTopics(db: Database, userId: number) {
  const [suggestions, flags, things, topicRoles, roleLinks, topicEvents, invitations, siteInvitations] =
    await Promise.all([
      db
        .selectFrom('suggestions')
        .where('voterId', '=', userId)
        .select(['topicId', 'name', 'description', 'link', 'createdAt', 'decidedAt', 'decision', 'reason'])
        .orderBy('id')
        .execute(),
      db
        .selectFrom('flags')
        .where('voterId', '=', userId)
        .select(['topicId', 'thingId', 'reason', 'createdAt', 'decidedAt'])
        .orderBy('id')
        .execute(),
      db
        .selectFrom('things')
        .where('addedBy', '=', userId)
        .select(['topicId', 'id as thingId', 'name', 'description', 'link', 'text', 'createdAt'])
        .orderBy('id')
        .execute(),
      db
        .selectFrom('topicRoles')
        .innerJoin('topics', 'topics.id', 'topicId')
        .where('userId', '=', userId)
        .select(['topicId', 'title as topic', 'role', 'topicRoles.createdAt as since'])
        .orderBy('topicId')
        .execute(),
      db
        .selectFrom('roleLinks')
        .where('createdBy', '=', userId)
        .select(['topicId', 'role', 'createdAt', 'expiresAt', 'usedAt', 'revokedAt'])
        .orderBy('id')
        .execute(),
      db
        .selectFrom('topicEvents')
        .where('userId', '=', userId)
        .select(['topicId', 'kind', 'details', 'at'])
        .orderBy('id')
        .execute(),
      db
        .selectFrom('invitations')
        .where('voterId', '=', userId)
        .select(['topicId', 'name', 'team', 'track', 'createdAt', 'joinedAt', 'revokedAt'])
        .orderBy('id')
        .execute(),
      db
        .selectFrom('siteInvitations')
        .where((row) => row.or([row('createdBy', '=', userId), row('usedBy', '=', userId)]))
        .select(['note', 'createdAt', 'expiresAt', 'usedAt', 'revokedAt'])
        .orderBy('id')
        .execute(),
    ]);
  return { suggestions, flags, things, topicRoles, roleLinks, topicEvents, invitations, siteInvitations };
}
