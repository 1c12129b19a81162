import compression from 'compression';
import { stringify } from 'csv-stringify/sync';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { requireUser, userOf } from '../../auth/sessions/current-user.js';
import type { SessionStore } from '../../auth/sessions/session-store.js';
import type { Sudo } from '../../auth/sessions/sudo.js';
import { closeAccount } from '../../auth/users/close-account.js';
import { isLastAdmin, lastAdmin } from '../../auth/users/last-admin.js';
import { forgetVoter } from '../../catalog/forget-voter.js';
import { handOnTopics, listTopicsToHandOn } from '../../catalog/remove-topic.js';
import type { Database, Transaction } from '../../database.js';
import { clearCookie } from '../../http/cookies.js';
import { methodNotAllowed } from '../../http/errors.js';
import { flash } from '../../http/flash.js';
import { readForm } from '../../http/form.js';
import { seeOther, sendPage } from '../../http/page.js';
import { removeNotesOf } from '../../voting/notes.js';
import { withdrawVotes } from '../../voting/voting.js';
import { readOwnData, readOwnVotes } from './own-data.js';

/** The export of a user's own data, and the closing of the account. */
export function leavingRoutes({
  db,
  store,
  sudo,
}: {
  db: Database;
  store: SessionStore;
  sudo: Sudo;
}): Router {
  const router = Router();

  router
    .route('/profile/export')
    .get(requireUser, compression(), async (req, res) => {
      const user = userOf(res);
      const isCsv = req.query.format === 'csv';
      res.attachment(`thinga-${user.id}.${isCsv ? 'csv' : 'json'}`);
      if (!isCsv) return res.type('json').send(`${JSON.stringify(await readOwnData(db, user), null, 2)}\n`);
      const columns = ['topic', 'left', 'right', 'outcome', 'at', 'withdrawnAt', 'note'];
      const votes = await readOwnVotes(db, user.id);
      return res.type('csv').send(stringify(votes, { header: true, columns, escape_formulas: true }));
    })
    .all(methodNotAllowed);

  router
    .route('/profile/close')
    .get(requireUser, (_req, res) => showClosing(res))
    .post(requireUser, requirePageOwner, sudo.required, async (req, res) => {
      const { votes } = readForm(req, 'votes');
      if (votes !== 'keep' && votes !== 'withdraw')
        return showClosing(res.status(422), 'Choose what should happen to your votes.');
      const { id } = userOf(res);
      const beforeRemoval = async (trx: Transaction) => {
        if (await isLastAdmin(trx, id)) throw lastAdmin();
        if (votes === 'withdraw') await withdrawVotes(trx, id);
        await removeNotesOf(trx, id);
        await handOnTopics(trx, id);
        await forgetVoter(trx, id);
      };
      await store.deleteByHash(await closeAccount(db, id, beforeRemoval));
      clearBrowser(req, res);
      flash(res, 'closed');
      await seeOther(res, '/');
    })
    .all(methodNotAllowed);

  async function showClosing(res: Response, error?: string): Promise<void> {
    const topics = await listTopicsToHandOn(db, userOf(res).id);
    sendPage(res, 'profile/close', { topics, error });
  }

  return router;
}

// Another user may have logged in on this browser after the page was opened. Then the form meant another
// account.
const requirePageOwner: RequestHandler = (req, res, next) => {
  if (readForm(req, 'person').person === String(userOf(res).id)) return next();
  flash(res, 'not-your-account');
  return seeOther(res, '/profile/close');
};

/** Removes the session from the request, and all data of this site from the browser. */
function clearBrowser(req: Request, res: Response): void {
  Object.assign(req, { session: undefined });
  clearCookie(res, 'thinga');
  res.setHeader('Clear-Site-Data', '"cache", "storage"');
}
