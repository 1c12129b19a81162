import { type Request, type Response, Router } from 'express';
import { readGuest, rememberGuest } from '../../auth/guest-cookie.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { keepSecret } from '../../http/headers.js';
import { networkGroup } from '../../http/network.js';
import { seeOther, sendPage } from '../../http/page.js';
import { Problem } from '../../http/problem.js';
import type { Boards } from '../../ranking/boards/board-loader.js';
import { guestExists } from '../../voting/guests.js';
import type { Queues } from '../../voting/queue.js';
import { findPlace, type Joiner, joinByLink } from './join.js';

interface JoinServices {
  db: Database;
  boards: Boards;
  config: Config;
  queues: Queues;
}

/** The page of a personal link. Opening it changes nothing, and its button joins. */
export function joinRoutes({ db, boards, config, queues }: JoinServices): Router {
  const router = Router();
  const [secret] = config.secrets;

  router
    .route('/join/:token')
    .get(async (req, res) => {
      keepSecret(res);
      const place = await findPlace(db, String(req.params.token));
      if (!place) throw linkGone();
      sendPage(res, 'organize/join', { place });
    })
    .post(async (req, res) => {
      keepSecret(res);
      const joined = await joinByLink(db, String(req.params.token), await joinerOf(req, res));
      if (!joined) throw linkGone();
      if (joined === 'of another account') throw otherAccount();
      const { place, voterId } = joined;
      if (!res.locals.user) rememberGuest(res, voterId, config);
      await queues.markStale({ voterId, topicId: place.topicId });
      // The board knows what is the own work of a voter.
      await boards.refresh();
      await seeOther(res, `/topics/${place.slug}/vote`);
    })
    .all(methodNotAllowed);

  async function joinerOf(req: Request, res: Response): Promise<Joiner> {
    if (res.locals.sessionError) throw res.locals.sessionError;
    const guestId = readGuest(req, config);
    const exists = guestId !== undefined && (await guestExists(db, guestId));
    return {
      memberId: res.locals.user?.id,
      guestId: exists ? guestId : undefined,
      networkGroup: networkGroup({ key: `link ${req.params.token}` }, secret),
    };
  }

  return router;
}

const linkGone = (): Problem =>
  new Problem(404, 'This link doesn’t work any more', 'Ask the people who invited you for a new one.');

const otherAccount = (): Problem =>
  new Problem(
    409,
    'This link was used by someone with an account',
    'If that was you, log in first and open the link again. If not, ask the people who invited you for a new one.',
  );
