import { Router } from 'express';
import { authenticate } from '../accounts/accounts.js';
import type { Passwords } from '../accounts/passwords.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { requireGuest } from '../web/current-user.js';
import { methodNotAllowed } from '../web/errors.js';
import { flash } from '../web/flash.js';
import { readForm } from '../web/form.js';
import { localPath } from '../web/local-path.js';
import { seeOther, sendPage } from '../web/page.js';
import { signIn, signOut } from './sign-in.js';
import { whySignedOut } from './why.js';

/** Logging in and out. */
export function sessionRoutes(db: Database, passwords: Passwords, config: Config): Router {
  const router = Router();
  const https = config.publicOrigin.startsWith('https:');

  router
    .route('/login')
    .get(requireGuest, (req, res) => {
      const { endReason } = res.locals;
      sendPage(res, 'sessions/login', {
        next: localPath(req.query.next),
        why: endReason && whySignedOut(endReason),
      });
    })
    .post(async (req, res) => {
      const form = readForm(req, 'username', 'password', 'remember', 'next');
      const { username, password } = form;
      const found = await authenticate(db, passwords, { username, password });
      const remembered = form.remember !== '';
      if (!found) {
        res.status(422);
        const error = 'That name and password do not belong together. Check both and try again.';
        return sendPage(res, 'sessions/login', { username, remembered, next: localPath(form.next), error });
      }
      await signIn(req, db, config, { userId: found.userId, remembered });
      flash(res, 'signed-in');
      await seeOther(res, form.next && localPath(form.next) !== '/' ? localPath(form.next) : '/vote');
    })
    .all(methodNotAllowed);

  router
    .route('/logout')
    .post(async (req, res) => {
      if (req.session.userId !== undefined) await signOut(req, res, db, https);
      flash(res, 'signed-out');
      await seeOther(res, '/');
    })
    .all(methodNotAllowed);

  return router;
}
