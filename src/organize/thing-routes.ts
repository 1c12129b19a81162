import { type Request, type Response, Router } from 'express';
import { userOf } from '../auth/sessions/current-user.js';
import { changeThing, setRetired, type ThingChange } from '../catalog/change-thing.js';
import { readText } from '../catalog/csv.js';
import { mergeThing, unmergeThing } from '../catalog/merge-things.js';
import { NearNames } from '../catalog/near-names.js';
import { checkThing, NO_CELLS, THING_COLUMNS, type ThingCells, tidyThing } from '../catalog/thing-fields.js';
import { findThing, parseThingId, type Thing } from '../catalog/things.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { readForm } from '../http/form.js';
import { sendPage } from '../http/page.js';
import { notFound } from '../http/problem.js';
import { backTo, managePage, refuseClosed } from './manage-page.js';
import type { EditThingPage } from './pages.js';
import { organizedTopicOf, requireRole } from './require-role.js';
import { findThingByName, namesIn } from './things.js';
import { problemText } from './things-form.js';

/** The page on which organisers change one thing, retire it, or merge it with another. */
export function thingFormRoutes(services: { db: Database }): Router {
  const { db } = services;
  const router = Router();
  const mayRun = requireRole(services, 'run');
  const one = '/topics/:slug/manage/things/:id';

  router
    .route(one)
    .get(requireRole(services, 'look'), async (req, res) => showThing(res, await thingOf(db, req, res)))
    .post(mayRun, async (req, res) => {
      const thing = await thingOf(db, req, res);
      const cells = readCells(req);
      const errors: EditThingPage['errors'] = {};
      for (const { column, message } of checkThing(cells)) errors[column] = problemText(column, message);
      if (Object.keys(errors).length > 0) return showThing(res.status(422), thing, { cells, errors });
      const isChanged = await db
        .transaction()
        .execute((trx) => changeThing(trx, changeOf(res, thing), cells));
      if (isChanged) return backTo(res, `/things/${thing.id}`, 'saved');
      errors.name = 'Another thing of this topic has this name.';
      await showThing(res.status(422), thing, { cells, errors });
    })
    .all(methodNotAllowed);

  for (const isRetired of [true, false])
    router
      .route(`${one}/${isRetired ? 'retire' : 'restore'}`)
      .post(mayRun, async (req, res) => {
        const thing = await thingOf(db, req, res);
        refuseClosed(res);
        await db.transaction().execute((trx) => setRetired(trx, changeOf(res, thing), isRetired));
        await backTo(res, `/things/${thing.id}`, isRetired ? 'thing-retired' : 'thing-restored');
      })
      .all(methodNotAllowed);

  router
    .route(`${one}/merge`)
    .post(mayRun, async (req, res) => {
      const thing = await thingOf(db, req, res);
      const { into } = readForm(req, 'into');
      refuseClosed(res);
      const other = await findThingByName(db, thing.topicId, into);
      const isMerged =
        other && (await db.transaction().execute((trx) => mergeThing(trx, changeOf(res, thing), other.id)));
      if (isMerged) return backTo(res, `/things/${thing.id}`, 'thing-merged');
      const errors = { into: 'Choose another thing of this topic that is not retired.' };
      await showThing(res.status(422), thing, { into, errors });
    })
    .all(methodNotAllowed);

  router
    .route(`${one}/unmerge`)
    .post(mayRun, async (req, res) => {
      const thing = await thingOf(db, req, res);
      refuseClosed(res);
      await db.transaction().execute((trx) => unmergeThing(trx, changeOf(res, thing)));
      await backTo(res, `/things/${thing.id}`, 'merge-undone');
    })
    .all(methodNotAllowed);

  return router;

  /** Shows the form with what is stored, or with what was typed. */
  async function showThing(
    res: Response,
    thing: Thing,
    {
      cells = cellsOf(thing),
      errors = {},
      into = '',
    }: Partial<Pick<EditThingPage, 'cells' | 'errors' | 'into'>> = {},
  ): Promise<void> {
    const names = await namesIn(db, thing.topicId);
    const target = thing.mergedInto ? await findThing(db, thing.mergedInto) : undefined;
    sendPage(res, 'organize/thing', {
      ...managePage(res),
      ...{ thing, cells, errors, into, mergedInto: target?.name },
      similar: new NearNames(names.filter((name) => name !== thing.name)).like(thing.name, 0.3),
    });
  }
}

/** The thing of the address, in the topic of the address. @throws Problem 404 when there is none */
async function thingOf(db: Database, req: Request, res: Response): Promise<Thing> {
  const id = parseThingId(req.params.id);
  const thing = id === undefined ? undefined : await findThing(db, id);
  if (thing?.topicId !== organizedTopicOf(res).topic.id) throw notFound();
  return thing;
}

const changeOf = (res: Response, thing: Thing): ThingChange => ({
  ...{ topicId: thing.topicId, thingId: thing.id, userId: userOf(res).id },
});

function readCells(req: Request): ThingCells {
  const form = readForm(req, ...THING_COLUMNS);
  const cells = { ...NO_CELLS };
  for (const column of THING_COLUMNS) if (column !== 'picture') cells[column] = readText(form[column]);
  return tidyThing(cells);
}

function cellsOf({ name, description, link, text, tags, location, team }: Thing): ThingCells {
  const texts = { description, link, text, location, team };
  const filled = Object.fromEntries(Object.entries(texts).map(([column, value]) => [column, value ?? '']));
  return { ...NO_CELLS, ...filled, name, tags: tags.join(', ') };
}
