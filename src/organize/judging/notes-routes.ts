import { stringify } from 'csv-stringify/sync';
import { Router } from 'express';
import { userOf } from '../../auth/sessions/current-user.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { day } from '../../http/format.js';
import { sendPage } from '../../http/page.js';
import { notFound } from '../../http/problem.js';
import { backTo, managePage } from '../manage-page.js';
import { organizedTopicOf, requireRole } from '../require-role.js';
import { listNotedThings, listNotes, removeNote } from './notes.js';

/**
 * The page on which organisers read the notes that voters left, and the file with them. Voters write to the organisers,
 * so people who may only look don't read them.
 */
export function judgeNotesRoutes(services: { db: Database }): Router {
  const { db } = services;
  const router = Router();
  const mayRun = requireRole(services, 'run');

  router
    .route('/topics/:slug/manage/notes')
    .get(mayRun, async (req, res) => {
      const { topic } = organizedTopicOf(res);
      const things = await listNotedThings(db, topic.id);
      const thing = things.find(({ id }) => String(id) === req.query.thing) ?? things[0];
      const notes = thing ? await listNotes(db, topic.id, thing.id) : [];
      sendPage(res, 'organize/judging/notes', { ...managePage(res), things, thing, notes });
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/notes.csv')
    .get(mayRun, async (_req, res) => {
      const { topic } = organizedTopicOf(res);
      const notes = (await listNotes(db, topic.id)).map(({ at, ...note }) => ({ ...note, day: day(at) }));
      const columns = ['thing', 'other', 'note', 'by', 'day'];
      res
        .attachment(`${topic.slug}-notes.csv`)
        .type('csv')
        .send(stringify(notes, { header: true, columns, escape_formulas: true }));
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/notes/:id/remove')
    .post(mayRun, async (req, res) => {
      const act = {
        topicId: organizedTopicOf(res).topic.id,
        userId: userOf(res).id,
        id: String(req.params.id),
      };
      if (!(await db.transaction().execute((trx) => removeNote(trx, act)))) throw notFound();
      await backTo(res, '/notes', 'note-removed');
    })
    .all(methodNotAllowed);

  return router;
}
