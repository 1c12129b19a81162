import { Router } from 'express';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { clearCookie } from '../http/cookies.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { seeOther, sendPage } from '../http/page.js';
import { deleteGuest, KEPT_FOR_DAYS } from './guests.js';
import { votesOf } from './history.js';
import { findVoter, NEW_GUEST, voterOf } from './voter.js';

/** More than a guest can cast in the topics of a site within a month, nearly always. */
const MOST_SHOWN = 1_000;

/** A guest's own votes, to see them and to delete them. Members have their profile. */
export function guestRoutes({ db, config }: { db: Database; config: Config }): Router {
  const router = Router();
  const asVoter = findVoter(db, config);

  router
    .route('/guest')
    .get(asVoter, async (_req, res) => {
      const { id, isGuest } = voterOf(res);
      if (!isGuest) return res.redirect(303, '/profile/votes');
      const votes = id === NEW_GUEST ? [] : await votesOf(db, id, { limit: MOST_SHOWN });
      return sendPage(res, 'voting/guest', { votes, days: KEPT_FOR_DAYS, isChangeable: () => false });
    })
    .all(methodNotAllowed);

  router
    .route('/guest/delete')
    .post(asVoter, async (_req, res) => {
      const { id, isGuest } = voterOf(res);
      if (!isGuest) return res.redirect(303, '/profile/votes');
      if (id !== NEW_GUEST) await deleteGuest(db, id);
      clearCookie(res, 'guest');
      flash(res, 'guest-deleted');
      return seeOther(res, '/guest');
    })
    .all(methodNotAllowed);

  return router;
}
