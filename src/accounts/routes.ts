import { Router } from 'express';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { readClient } from '../sessions/client.js';
import { signIn } from '../sessions/sign-in.js';
import { countVotes, votesOf } from '../voting/voting.js';
import { requireGuest, requireUser, userOf } from '../web/current-user.js';
import { methodNotAllowed } from '../web/errors.js';
import { flash } from '../web/flash.js';
import { readForm } from '../web/form.js';
import { localPath } from '../web/local-path.js';
import { seeOther, sendPage } from '../web/page.js';
import { register } from './accounts.js';
import { PASSWORD_LENGTH, type Passwords } from './passwords.js';

const VOTES_A_PAGE = 20;

/** Registering and the profile. */
export function accountRoutes(db: Database, passwords: Passwords, config: Config): Router {
  const router = Router();

  router
    .route('/register')
    .get(requireGuest, (req, res) => {
      sendPage(res, 'accounts/register', { next: localPath(req.query.next), length: PASSWORD_LENGTH });
    })
    .post(async (req, res) => {
      const { username, password, next } = readForm(req, 'username', 'password', 'next');
      const registered = await register(db, passwords, { username, password });
      if ('errors' in registered) {
        const { errors } = registered;
        res.status(422);
        const typed = { username, next: localPath(next), length: PASSWORD_LENGTH };
        return sendPage(res, 'accounts/register', { ...typed, errors });
      }
      await signIn(req, db, config, { userId: registered.userId, remembered: false });
      flash(res, 'welcome');
      await seeOther(res, next ? localPath(next) : '/vote');
    })
    .all(methodNotAllowed);

  router
    .route('/profile')
    .get(requireUser, async (req, res) => {
      const voter = userOf(res).id;
      const before = Number(req.query.before);
      const paging = Number.isSafeInteger(before) && before > 0 ? { before } : {};
      const [total, votes] = await Promise.all([
        countVotes(db, voter),
        votesOf(db, voter, { ...paging, limit: VOTES_A_PAGE + 1 }),
      ]);
      const shown = votes.slice(0, VOTES_A_PAGE);
      const older = votes.length > VOTES_A_PAGE ? shown.at(-1)?.id : undefined;
      const { session } = res.locals;
      const { device } = readClient(req);
      sendPage(res, 'accounts/profile', {
        total,
        votes: shown,
        older,
        paged: 'before' in paging,
        session,
        device,
      });
    })
    .all(methodNotAllowed);

  return router;
}
