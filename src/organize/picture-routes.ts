import { type Request, type Response, Router } from 'express';
import { userOf } from '../auth/sessions/current-user.js';
import { addPictureThings, type FileResult } from '../catalog/pictures/add-picture-things.js';
import { changePicture } from '../catalog/pictures/change-picture.js';
import type { Pictures } from '../catalog/pictures/pictures.js';
import { parseThingId } from '../catalog/things.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { seeOther, sendPage, sendPageOrFragment } from '../http/page.js';
import { notFound } from '../http/problem.js';
import { backTo, managePage, refuseClosed } from './manage-page.js';
import { MAX_PICTURES, receivePictures } from './receive-pictures.js';
import { organizedTopicOf, requireRole } from './require-role.js';

interface PictureServices {
  db: Database;
  config: Config;
  pictures: Pictures;
}

/** The pages on which organisers add things as pictures, and change the picture of one thing. */
export function organizePictureRoutes(services: PictureServices): Router {
  const { db, config } = services;
  const router = Router();

  router
    .route('/topics/:slug/manage/pictures')
    .get(requireRole(services, 'run'), async (req, res) => {
      const { topic } = organizedTopicOf(res);
      const added = Math.min(Number(/^\d{1,3}$/.exec(String(req.query.added))?.[0] ?? 0), MAX_PICTURES);
      const results =
        added === 0 ? [] : await latestThings(db, { topicId: topic.id, userId: userOf(res).id, added });
      showPictures(res, config, { results, error: undefined });
    })
    .post(requireRole(services, 'run'), async (req, res) => {
      const { topic } = organizedTopicOf(res);
      refuseClosed(res);
      const { files, problem } = await receivePictures(services, req, { topicId: topic.id });
      const target = { topicId: topic.id, userId: userOf(res).id, most: config.maxThingsPerTopic };
      const results = await db.transaction().execute((trx) => addPictureThings(trx, target, files));
      const error = problem ?? (results.length === 0 ? 'Choose one or more pictures.' : undefined);
      if (error || results.some(({ problem }) => problem))
        return showPictures(res.status(422), config, { results, error });
      await seeOther(res, `/topics/${topic.slug}/manage/pictures?added=${results.length}`, async () =>
        showPictures(res, config, { results, error }),
      );
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/things/:id/picture')
    .get(requireRole(services, 'run'), async (req, res) => {
      await showPicture(req, res, { services, error: undefined });
    })
    .post(requireRole(services, 'run'), async (req, res) => {
      const { topic } = organizedTopicOf(res);
      const { id: thingId } = await findThingOf(db, req, topic.id);
      const { files, fields, problem } = await receivePictures(services, req, { topicId: topic.id, most: 1 });
      const removes = fields.get('remove') !== undefined;
      const saved = files[0]?.saved ?? { problem: problem ?? 'Choose a picture.' };
      if (!removes && 'problem' in saved)
        return showPicture(req, res.status(422), { services, error: saved.problem });
      const picture = !removes && 'picture' in saved ? saved.picture : null;
      const change = { topicId: topic.id, thingId, userId: userOf(res).id };
      await db.transaction().execute((trx) => changePicture(trx, change, picture));
      await backTo(res, `/things/${thingId}`, picture ? 'picture-saved' : 'picture-removed');
    })
    .all(methodNotAllowed);

  return router;
}

function showPictures(
  res: Response,
  { maxPictureMb }: Config,
  shown: { results: FileResult[]; error: string | undefined },
): void {
  const most = { pictures: MAX_PICTURES, megabytes: maxPictureMb };
  const fine = shown.results.filter((result) => result.thing).length;
  const data = { ...managePage(res), most, fine, ...shown };
  sendPageOrFragment(res, { page: 'organize/pictures', fragment: 'organize/_received', data });
}

async function showPicture(
  req: Request,
  res: Response,
  { services: { db, config }, error }: { services: PictureServices; error: string | undefined },
): Promise<void> {
  const manage = managePage(res);
  const thing = await findThingOf(db, req, manage.topic.id);
  sendPage(res, 'organize/picture', { ...manage, thing, maxMegabytes: config.maxPictureMb, error });
}

async function findThingOf(db: Database, req: Request, topicId: number) {
  const thing = await db
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .where('id', '=', parseThingId(req.params.id) ?? 0)
    .select(['id', 'name', 'picture'])
    .executeTakeFirst();
  if (!thing) throw notFound();
  return thing;
}

/** The things that a form has just added, in its order. */
async function latestThings(
  db: Database,
  { topicId, userId, added }: { topicId: number; userId: number; added: number },
): Promise<FileResult[]> {
  const things = await db
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .where('addedBy', '=', userId)
    .where('pictureHash', 'is not', null)
    .select(['id', 'name', 'picture'])
    .orderBy('id', 'desc')
    .limit(added)
    .execute();
  return things.reverse().map(({ id, name, picture }) => ({
    filename: name,
    thing: { id, name, picture: picture ?? '' },
    problem: undefined,
  }));
}
