import { type Request, type Response, Router } from 'express';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { sendPage } from '../../http/page.js';
import { notFound } from '../../http/problem.js';
import { RankWorkerPool } from '../../ranking/ranker/rank-worker-pool.js';
import { backTo, idOf } from '../admin-page.js';
import { actorOf } from '../record-act.js';
import { requireAdmin } from '../require-admin.js';
import { compareSuspects } from './comparison.js';
import { decideOnSuspects } from './decide.js';
import {
  type Alarm,
  type Found,
  findAlarm,
  findGroup,
  listAlarms,
  listGroups,
  type SuspectGroup,
} from './suspects.js';

/** Voters whom an address names, and what they push. */
interface Named extends Found<Alarm | SuspectGroup> {
  /** The address without `/admin`. */
  path: string;
  /** Why they are together. */
  kind: 'alarm' | 'network' | 'wide network';
}

/** The pages on which admins look into votes that may be stuffed, and set them apart. */
export function stuffingRoutes({ db }: { db: Database }): Router {
  const router = Router();
  const workers = new RankWorkerPool();

  router
    .route('/admin/stuffing')
    .get(requireAdmin, async (_req, res) => {
      const [alarms, groups] = await Promise.all([listAlarms(db), listGroups(db)]);
      sendPage(res, 'admin/stuffing', { alarms, groups });
    })
    .all(methodNotAllowed);

  for (const [address, find] of [
    ['/admin/stuffing/alarms/:id', findOfAlarm],
    ['/admin/stuffing/topics/:id/groups/:group', findOfGroup],
  ] as const) {
    router
      .route(address)
      .get(requireAdmin, async (req, res) => showSuspects(res, await find(req)))
      .all(methodNotAllowed);
    for (const [act, decision] of [
      ['set-apart', 'set apart'],
      ['restore', 'restored'],
    ] as const)
      router
        .route(`${address}/${act}`)
        .post(requireAdmin, async (req, res) => {
          const { suspects, voters, path } = await find(req);
          await decideOnSuspects(db, actorOf(req, res), { suspects, voters, decision });
          // The leans of a group are made anew when it votes again. Until then it has no page.
          await backTo(
            res,
            decision === 'restored' && 'group' in suspects ? '/stuffing' : path,
            'votes-decided',
          );
        })
        .all(methodNotAllowed);
  }

  async function showSuspects(res: Response, found: Named): Promise<void> {
    const comparison = await compareSuspects(db, workers, found);
    const out = found.voters.filter(({ isOut }) => isOut).length;
    sendPage(res, 'admin/suspects', { ...found, out, comparison });
  }

  async function findOfAlarm(req: Request): Promise<Named> {
    const found = await findAlarm(db, idOf(req));
    if (!found) throw notFound();
    return { ...found, path: `/stuffing/alarms/${found.suspects.id}`, kind: 'alarm' };
  }

  async function findOfGroup(req: Request): Promise<Named> {
    const group = String(req.params.group);
    const found = await findGroup(db, { topicId: idOf(req), group });
    if (!found) throw notFound();
    const { topicId, isWide } = found.suspects;
    const path = `/stuffing/topics/${topicId}/groups/${group}`;
    return { ...found, path, kind: isWide ? 'wide network' : 'network' };
  }

  return router;
}
