import { Router } from 'express';
import { requireUser } from '../../auth/sessions/current-user.js';
import type { Sudo } from '../../auth/sessions/sudo.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { flash } from '../../http/flash.js';
import { keepSecret } from '../../http/headers.js';
import { seeOther, sendPage } from '../../http/page.js';
import { Problem } from '../../http/problem.js';
import { actorOf } from '../record-act.js';
import { claimSite, isClaim } from './claim.js';

/**
 * The page of the link that the start prints. Opening it changes nothing, and its button makes an admin. It gives power,
 * so it asks for the password like what admins do. Who has just logged in or registered is not asked again.
 */
export function claimRoutes({ db, sudo }: { db: Database; sudo: Sudo }): Router {
  const router = Router();
  router
    .route('/claim/:token')
    .all((_req, res, next) => {
      keepSecret(res);
      next();
    })
    .get(async (req, res) => {
      if (!(await isClaim(db, String(req.params.token)))) throw claimGone();
      if (res.locals.sessionError) throw res.locals.sessionError;
      sendPage(res, 'admin/claim', { path: req.path });
    })
    .post(requireUser, sudo.required, async (req, res) => {
      const actor = actorOf(req, res);
      const token = String(req.params.token);
      if (!(await db.transaction().execute((trx) => claimSite(trx, actor, token)))) throw claimGone();
      flash(res, 'claimed');
      await seeOther(res, '/admin/settings');
    })
    .all(methodNotAllowed);
  return router;
}

const claimGone = (): Problem =>
  new Problem(
    404,
    'This link doesn’t work any more',
    'It works once, for 24 hours, until the next start, and only while the site has no admin. Restart the site for a new one.',
  );
