import { type Request, type Response, Router } from 'express';
import { readText } from '../catalog/csv.js';
import { flagThing } from '../catalog/flags.js';
import { NearNames } from '../catalog/near-names.js';
import { suggestionsOf, suggestThing } from '../catalog/suggestions.js';
import { checkThing, NO_CELLS, type ThingCells, tidyThing } from '../catalog/thing-fields.js';
import { topicPath } from '../catalog/topics.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { seeOther, sendPage } from '../http/page.js';
import { notFound, Problem } from '../http/problem.js';
import type { Board, Standing } from '../ranking/boards/board.js';
import { type VisitServices, visitTopic } from '../ranking/boards/visit-topic.js';
import type { SuggestPage } from './pages.js';
import { findVoter, NEW_GUEST, voterOf } from './voter.js';

const MAX_REASON = 300;

/** The pages on which voters propose things, and say what is wrong with one. */
export function suggestRoutes(services: VisitServices): Router {
  const { db, config } = services;
  const router = Router();
  const asVoter = findVoter(db, config);

  router
    .route('/topics/:slug/suggest')
    .get(asVoter, async (req, res) => showForm(res, await boardFor(services, req, res)))
    .post(asVoter, async (req, res) => {
      const board = await boardFor(services, req, res);
      refuseNewGuest(res);
      const form = readForm(req, 'name', 'description', 'link');
      const cells = tidyThing({ ...NO_CELLS, ...mapValues(form, readText) });
      const errors: SuggestPage['errors'] = {};
      for (const { column, message } of checkThing(cells)) errors[column] = `This ${message}.`;
      if (Object.keys(errors).length > 0) return showForm(res.status(422), board, { cells, errors });
      const suggestion = { topicId: board.topic.id, voterId: voterOf(res).id, cells };
      const refusal = await db.transaction().execute((trx) => suggestThing(trx, suggestion));
      if (refusal) return showForm(res.status(422), board, { cells, errors: { name: REFUSALS[refusal] } });
      flash(res, 'proposed');
      await seeOther(res, `/topics/${board.topic.slug}/suggest`);
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/flag/:id')
    .get(asVoter, async (req, res) => {
      const board = await boardFor(services, req, res);
      const thing = thingOn(board, req);
      sendPage(res, 'voting/flag', {
        topic: board.topic,
        path: topicPath(board.topic),
        thing,
        reason: '',
        error: '',
      });
    })
    .post(asVoter, async (req, res) => {
      const board = await boardFor(services, req, res);
      const thing = thingOn(board, req);
      refuseNewGuest(res);
      const reason = readText(readForm(req, 'reason').reason).replace(/\s+/g, ' ');
      const { topic } = board;
      if (reason === '' || [...reason].length > MAX_REASON || /\p{Cc}/u.test(reason)) {
        const error = `Say in 1 to ${MAX_REASON} characters what is wrong with it.`;
        return sendPage(res.status(422), 'voting/flag', {
          topic,
          path: topicPath(topic),
          thing,
          reason,
          error,
        });
      }
      const flagged = { topicId: topic.id, thingId: thing.id, voterId: voterOf(res).id, reason };
      await db.transaction().execute((trx) => flagThing(trx, flagged));
      flash(res, 'flagged');
      await seeOther(res, `${topicPath(topic)}/vote`);
    })
    .all(methodNotAllowed);

  async function showForm(
    res: Response,
    board: Board,
    { cells = NO_CELLS, errors = {} }: Partial<Pick<SuggestPage, 'cells' | 'errors'>> = {},
  ): Promise<void> {
    const { topic, standings } = board;
    const { id: voterId } = voterOf(res);
    const own = voterId === NEW_GUEST ? [] : await suggestionsOf(db, { topicId: topic.id, voterId });
    const names = new NearNames(cells.name ? standings.map(({ name }) => name) : []);
    sendPage(res, 'voting/suggest', {
      ...{ topic, path: topicPath(topic), cells, errors, own, mayPropose: voterId !== NEW_GUEST },
      similar: cells.name ? names.like(cells.name, 0.3) : [],
    });
  }

  return router;
}

const REFUSALS = {
  taken: 'This topic has it already.',
  proposed: 'Somebody has proposed it already.',
  many: 'There are many suggestions to look through first. Try again later.',
};

/** The board of a topic that takes suggestions now. @throws Problem 404 for others, 409 when voting is not open */
async function boardFor(services: VisitServices, req: Request, res: Response): Promise<Board> {
  const { board, phase } = await visitTopic(services, req, res);
  if (!board.topic.takesSuggestions) throw notFound();
  if (phase === 'closed') throw new Problem(409, 'Voting is closed', 'This topic takes no more suggestions.');
  return board;
}

function thingOn(board: Board, req: Request): Standing {
  const thing = board.find(Number(req.params.id));
  if (!thing) throw notFound();
  return thing;
}

// A guest has no name before the first vote, so nobody could tell them what became of it.
function refuseNewGuest(res: Response): void {
  if (voterOf(res).id === NEW_GUEST)
    throw new Problem(403, 'Vote first', 'After your first vote here you can propose things. Or log in.');
}

const mapValues = (
  form: Record<'name' | 'description' | 'link', string>,
  change: (text: string) => string,
): Partial<ThingCells> =>
  Object.fromEntries(Object.entries(form).map(([name, text]) => [name, change(text)]));
