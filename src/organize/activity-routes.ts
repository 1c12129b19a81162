import { Router } from 'express';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import { describeTopicEvent, personOfEvent } from './activity.js';
import { managePage } from './manage-page.js';
import { organizedTopicOf, requireRole } from './require-role.js';

const EVENTS_PER_PAGE = 50;

/** The page with what was done to a topic. */
export function activityRoutes(services: { db: Database }): Router {
  const router = Router();
  router
    .route('/topics/:slug/manage/activity')
    .get(requireRole(services, 'look'), async (req, res) => {
      const before = Number(req.query.before);
      const events = await services.db
        .selectFrom('topicEvents')
        .leftJoin('users', 'users.id', 'userId')
        .where('topicId', '=', organizedTopicOf(res).topic.id)
        .$if(Number.isSafeInteger(before) && before > 0, (query) =>
          query.where('topicEvents.id', '<', before),
        )
        .select(['topicEvents.id', 'kind', 'details', 'at', 'username', personOfEvent.as('person')])
        .orderBy('topicEvents.id', 'desc')
        .limit(EVENTS_PER_PAGE + 1)
        .execute();
      const shown = events.slice(0, EVENTS_PER_PAGE);
      sendPage(res, 'organize/activity', {
        ...managePage(res),
        events: shown.map((event) => ({ ...describeTopicEvent(event), at: event.at, by: event.username })),
        older: events.length > shown.length ? shown.at(-1)?.id : undefined,
      });
    })
    .all(methodNotAllowed);
  return router;
}
