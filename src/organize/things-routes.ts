import { type Response, Router } from 'express';
import { userOf } from '../auth/sessions/current-user.js';
import { addThings } from '../catalog/add-things.js';
import type { ThingCells } from '../catalog/thing-fields.js';
import { correctThings, readThings } from '../catalog/things-input.js';
import { recordTopicEvent } from '../catalog/topic-events.js';
import type { Config } from '../config.js';
import type { Database, Transaction } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { readForm } from '../http/form.js';
import { sendPage, wantsFragment } from '../http/page.js';
import { parseSearchQuery } from '../ranking/pages/leaderboard.js';
import { backTo, closedError, managePage } from './manage-page.js';
import { readTextFile } from './read-text-file.js';
import { organizedTopicOf, requireRole } from './require-role.js';
import { countThings, listThings, namesIn, THINGS_PER_PAGE } from './things.js';
import { previewOf, readCorrections, readyThings, sendPreview } from './things-form.js';

interface ThingsServices {
  db: Database;
  config: Config;
}

/** The pages on which organisers see the things of a topic, and add more. */
export function thingListRoutes(services: ThingsServices): Router {
  const { db, config } = services;
  const router = Router();

  router
    .route('/topics/:slug/manage/things')
    .get(requireRole(services, 'look'), async (req, res) => {
      const { topic } = organizedTopicOf(res);
      const query = parseSearchQuery(req.query.q);
      const page = readPage(req.query.page);
      const [{ things, found }, counts] = await Promise.all([
        listThings(db, topic.id, { query, page }),
        countThings(db, topic.id),
      ]);
      const pages = Math.max(Math.ceil(found / THINGS_PER_PAGE), 1);
      sendPage(res, 'organize/things', { ...managePage(res), things, found, query, page, pages, counts });
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/things/new')
    .get(requireRole(services, 'run'), async (_req, res) => {
      const preview = previewOf(await readThings(''), { most: 0 });
      sendPage(res, 'organize/add-things', { ...managePage(res), things: '', errors: {}, preview });
    })
    .post(requireRole(services, 'run'), readTextFile, async (req, res) => {
      const form = readForm(req, 'things', 'leave-out', 'action');
      const existing = await namesIn(db, organizedTopicOf(res).topic.id);
      const most = Math.max(config.maxThingsPerTopic - existing.length, 0);
      if (wantsFragment(res)) return sendPreview(req, res, { most, existing });
      const text = await correctThings(form.things, readCorrections(req));
      const input = await readThings(text, existing);
      const { things, error } = readyThings(input, { most, leavesOut: form['leave-out'] !== '' });
      const problem = error ?? (things.length === 0 ? 'Write at least one thing.' : closedError(res));
      if (form.action !== 'add' || problem) {
        const errors = form.action === 'add' && problem ? { things: problem } : {};
        const preview = previewOf(input, { most });
        const page = { ...managePage(res), things: text, errors, preview };
        return sendPage(res.status(422), 'organize/add-things', page);
      }
      await db.transaction().execute((trx) => addAndRecord(trx, res, things));
      await backTo(res, '/things', 'things-added');
    })
    .all(methodNotAllowed);

  return router;
}

/** Reads the number of a page, from 1. */
const readPage = (parameter: unknown): number =>
  typeof parameter === 'string' && /^[1-9]\d{0,5}$/.test(parameter) ? Number(parameter) : 1;

async function addAndRecord(trx: Transaction, res: Response, things: ThingCells[]): Promise<void> {
  const [topicId, userId] = [organizedTopicOf(res).topic.id, userOf(res).id];
  const count = await addThings(trx, { topicId, things, addedBy: userId });
  await recordTopicEvent(trx, { topicId, userId, kind: 'things added', details: { count } });
}
