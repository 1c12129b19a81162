import { type Request, type Response, Router } from 'express';
import { userOf } from '../../auth/sessions/current-user.js';
import { phaseAt } from '../../catalog/phase.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { readFieldsWith, readForm } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import { notFound, Problem } from '../../http/problem.js';
import type { Boards } from '../../ranking/boards/board-loader.js';
import { RankWorkerPool } from '../../ranking/ranker/rank-worker-pool.js';
import { backTo, managePage } from '../manage-page.js';
import { organizedTopicOf, requireRole } from '../require-role.js';
import { compareJudges } from './compare.js';
import { type Judge, readJudges } from './judges.js';
import { decideAboutVoters } from './leave-out.js';
import { readPanel } from './panel.js';

/** Of so many votes a page works out the figures. */
const MAX_VOTES = 50_000;

const DECISIONS = [
  ['set-apart', 'set apart', 'judge-set-apart'],
  ['void', 'voided', 'judge-voided'],
  ['restore', 'restored', 'judge-restored'],
] as const;

/** The pages on which those who run a topic see how its voters vote, but no single vote, and leave voters out. */
export function judgesRoutes(services: { db: Database; boards: Boards; config: Config }): Router {
  const { db, boards, config } = services;
  const router = Router();
  const workers = new RankWorkerPool();
  const [secret] = config.secrets;

  router
    .route('/topics/:slug/manage/judges')
    .get(requireRole(services, 'look'), async (_req, res) => {
      const { id: topicId } = organizedTopicOf(res).topic;
      const hasFigures = (boards.byTopic(topicId)?.votes ?? 0) <= MAX_VOTES;
      const panel = hasFigures ? await readPanel({ db, workers }, { topicId, secret }) : undefined;
      sendPage(res, 'organize/judging/judges', { ...managePage(res), panel, isClosed: isClosed(res) });
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/judges/without')
    .get(requireRole(services, 'look'), async (req, res) => {
      const { id: topicId } = organizedTopicOf(res).topic;
      const board = boards.byTopic(topicId);
      if (!board || board.votes > MAX_VOTES) throw notFound();
      const judges = await readJudges(db, { topicId, secret });
      const chosen = chooseFrom(judges, Object.keys(req.query)).filter(({ state }) => state === 'counted');
      const compared =
        chosen.length > 0 && (await compareJudges({ db, workers }, { topicId, judges, chosen }));
      const isShown = typeof compared === 'object';
      const rows = isShown
        ? compared.ranks.map((rank) => ({ ...rank, name: board.find(rank.thingId)?.name ?? 'removed' }))
        : [];
      sendPage(res, 'organize/judging/without', {
        ...{ ...managePage(res), chosen, rows, isClosed: isClosed(res) },
        votes: isShown ? compared.votes : 0,
        refusal: isShown ? undefined : compared || 'none',
      });
    })
    .all(methodNotAllowed);

  for (const [act, kind, message] of DECISIONS)
    router
      .route(`/topics/:slug/manage/judges/${act}`)
      .post(requireRole(services, 'run'), async (req, res) => {
        const topicId = organizedTopicOf(res).topic.id;
        const judges = chooseFrom(await readJudges(db, { topicId, secret }), fieldsOf(req));
        if (judges.length === 0) throw notFound();
        const actor = { topicId, userId: userOf(res).id };
        const isDone = await db
          .transaction()
          .execute((trx) => decideAboutVoters(trx, actor, { judges, kind }));
        if (!isDone) throw resultsStay();
        await backTo(res, '/judges', message);
      })
      .all(methodNotAllowed);

  return router;
}

/** The names of the posted fields. @throws Problem 400 when the body is no form */
function fieldsOf(req: Request): string[] {
  readForm(req);
  return [...readFieldsWith(req, PREFIX).keys()].map((key) => PREFIX + key);
}

const PREFIX = 'judge-';

/** The voters whose keys are among the names of the fields. */
const chooseFrom = (judges: Judge[], fields: string[]): Judge[] =>
  judges.filter(({ key }) => fields.includes(PREFIX + key));

const isClosed = (res: Response): boolean => phaseAt(organizedTopicOf(res).topic) === 'closed';

const resultsStay = (): Problem =>
  new Problem(
    409,
    'Voting has closed',
    'The results stay as they are, so nothing has changed. Reopen the topic to set voters apart.',
  );
