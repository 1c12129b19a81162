import { Router } from 'express';
import { GUEST_LIFETIME_DAYS } from '../auth/guest-cookie.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { clearCookie } from '../http/cookies.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { seeOther, sendPage } from '../http/page.js';
import { deleteGuest } from './guests.js';
import { votesOf } from './history.js';
import { findVoter, NEW_GUEST, voterOf } from './voter.js';

/** Guests hardly ever cast more votes before their votes are deleted. */
const MAX_SHOWN = 1_000;

/** The page on which guests see and delete their votes. Members have a profile instead. */
export function guestRoutes({ db, config }: { db: Database; config: Config }): Router {
  const router = Router();
  const asVoter = findVoter(db, config);

  router
    .route('/guest')
    .get(asVoter, async (_req, res) => {
      const { id, isGuest } = voterOf(res);
      if (!isGuest) return res.redirect(303, '/profile/votes');
      const votes = id === NEW_GUEST ? [] : await votesOf(db, id, { limit: MAX_SHOWN });
      const provisional = votes.filter((vote) => vote.provisional).length;
      const counting = provisional === 0 ? 'all' : provisional < votes.length ? 'some' : 'none';
      return sendPage(res, 'voting/guest', {
        ...{ votes, counting, days: GUEST_LIFETIME_DAYS, isChangeable: () => false },
      });
    })
    .all(methodNotAllowed);

  router
    .route('/guest/delete')
    .post(asVoter, async (_req, res) => {
      const { id, isGuest } = voterOf(res);
      if (!isGuest) return res.redirect(303, '/profile/votes');
      const isDeleted = id === NEW_GUEST || (await deleteGuest(db, id));
      clearCookie(res, 'guest');
      flash(res, isDeleted ? 'guest-deleted' : 'guest-partly-deleted');
      return seeOther(res, '/guest');
    })
    .all(methodNotAllowed);

  return router;
}
