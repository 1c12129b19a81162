import { type Request, type Response, Router } from 'express';
import { userOf } from '../auth/sessions/current-user.js';
import { readText } from '../catalog/csv.js';
import { closeFlag, openFlags } from '../catalog/flags.js';
import { NearNames } from '../catalog/near-names.js';
import { type Decision, decideSuggestion, openSuggestions } from '../catalog/suggestions.js';
import { checkThing, NO_CELLS, tidyThing } from '../catalog/thing-fields.js';
import { parseThingId } from '../catalog/things.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { readForm } from '../http/form.js';
import { sendPage } from '../http/page.js';
import { notFound } from '../http/problem.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { backTo, closedError, managePage } from './manage-page.js';
import type { ReviewForm } from './pages.js';
import { organizedTopicOf, requireRole } from './require-role.js';
import { countThings, findThingByName } from './things.js';

/** The queue of what voters proposed and flagged, for those who run the topic. */
export function reviewRoutes(services: { db: Database; boards: Boards; config: Config }): Router {
  const { db, boards, config } = services;
  const router = Router();
  const mayRun = requireRole(services, 'run');

  router
    .route('/topics/:slug/manage/review')
    .get(mayRun, (_req, res) => showQueue(res))
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/review/suggestions/:id')
    .post(mayRun, async (req, res) => {
      const { topic } = organizedTopicOf(res);
      const suggestionId = idOf(req);
      const form = readForm(req, 'name', 'description', 'link', 'into', 'reason', 'action');
      const closed = closedError(res);
      if (closed) return showQueue(res.status(422), { ...form, suggestionId, error: closed });
      const isFull = (await countThings(db, topic.id)).all >= config.maxThingsPerTopic;
      const decision = form.action === 'accept' && isFull ? FULL : await readDecision(db, topic.id, form);
      if ('error' in decision)
        return showQueue(res.status(422), { ...form, suggestionId, error: decision.error });
      const act = { topicId: topic.id, suggestionId, userId: userOf(res).id };
      const isDecided = await db.transaction().execute((trx) => decideSuggestion(trx, act, decision));
      const error = 'A thing of this topic has this name, or somebody else has decided already.';
      if (!isDecided) return showQueue(res.status(422), { ...form, suggestionId, error });
      await backTo(res, '/review', 'decided');
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/review/flags/:id')
    .post(mayRun, async (req, res) => {
      const act = { topicId: organizedTopicOf(res).topic.id, flagId: idOf(req), userId: userOf(res).id };
      await db.transaction().execute((trx) => closeFlag(trx, act));
      await backTo(res, '/review', 'decided');
    })
    .all(methodNotAllowed);

  /** @param form what was typed for one of the suggestions, and what is wrong with it */
  async function showQueue(res: Response, form?: ReviewForm): Promise<void> {
    const { topic } = organizedTopicOf(res);
    const [suggestions, flags] = await Promise.all([openSuggestions(db, topic.id), openFlags(db, topic.id)]);
    const names = new NearNames(boards.byTopic(topic.id)?.standings.map(({ name }) => name) ?? []);
    sendPage(res, 'organize/review', {
      ...{ ...managePage(res), flags },
      suggestions: suggestions.map((one) => ({
        ...{ id: one.id, proposed: one.name, by: one.username, at: one.createdAt },
        similar: names.like(one.name, 0.3),
        form: form?.suggestionId === one.id ? form : formOf(one),
      })),
    });
  }

  return router;
}

/** @throws Problem 404 when the address has no id */
function idOf(req: Request): number {
  const id = parseThingId(req.params.id);
  if (id === undefined) throw notFound();
  return id;
}

type TypedForm = Omit<ReviewForm, 'suggestionId' | 'error'>;

const formOf = (one: {
  id: number;
  name: string;
  description: string | null;
  link: string | null;
}): ReviewForm => ({
  ...{ suggestionId: one.id, name: one.name, description: one.description ?? '', link: one.link ?? '' },
  ...{ into: '', reason: '', error: '' },
});

const FULL = { error: 'This topic has as many things as a topic may have.' };

async function readDecision(
  db: Database,
  topicId: number,
  form: TypedForm & { action: string },
): Promise<Decision | { error: string }> {
  const [name, description, link, reason] = [form.name, form.description, form.link, form.reason].map(
    readText,
  );
  if (form.action === 'accept') {
    const cells = tidyThing({
      ...NO_CELLS,
      name: name ?? '',
      description: description ?? '',
      link: link ?? '',
    });
    const [problem] = checkThing(cells);
    return problem ? { error: `The ${problem.column} ${problem.message}.` } : { kind: 'accepted', cells };
  }
  if (form.action === 'merge') {
    const thing = await findThingByName(db, topicId, form.into);
    return thing
      ? { kind: 'merged', thingId: thing.id }
      : { error: 'Write the name of a thing of this topic.' };
  }
  if (form.action !== 'refuse') return { error: 'Choose what becomes of it.' };
  const isReason = reason && [...reason].length <= 300;
  return isReason
    ? { kind: 'refused', reason }
    : { error: 'Say in 1 to 300 characters why. The proposer reads it.' };
}
