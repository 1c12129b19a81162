import { Router } from 'express';
import { topicPath } from '../catalog/topics.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import { notFound } from '../http/problem.js';
import { type VisitServices, visitTopic } from '../ranking/boards/visit-topic.js';
import { notesForTeam } from './notes.js';
import { findVoter, voterOf } from './voter.js';

/** The page on which a team reads the notes about its things, after voting has ended. */
export function notesRoutes(services: VisitServices): Router {
  const { db, config } = services;
  const router = Router();

  router
    .route('/topics/:slug/notes')
    .get(findVoter(db, config), async (req, res) => {
      const { board, phase } = await visitTopic(services, req, res);
      const { topic } = board;
      if (topic.notes !== 'teams') throw notFound();
      const isOver = phase === 'closed';
      const notes = isOver ? await notesForTeam(db, topic.id, voterOf(res).id) : [];
      const names = [...new Set(notes.map(({ thing }) => thing))];
      const things = names.map((name) => ({ name, notes: notes.filter(({ thing }) => thing === name) }));
      sendPage(res, 'voting/notes', { topic, path: topicPath(topic), isOver, things });
    })
    .all(methodNotAllowed);

  return router;
}
