import { stringify } from 'csv-stringify/sync';
import { type RequestHandler, Router } from 'express';
import { requireUser, userOf } from '../../auth/sessions/current-user.js';
import type { RecordedStore } from '../../auth/sessions/store.js';
import type { Sudo } from '../../auth/sessions/sudo.js';
import { closeAccount } from '../../auth/users/users.js';
import type { Database } from '../../database.js';
import { clearCookie } from '../../http/cookies.js';
import { methodNotAllowed } from '../../http/errors.js';
import { flash } from '../../http/flash.js';
import { readForm } from '../../http/form.js';
import { seeOther, sendPage } from '../../http/page.js';
import { withdrawVotes } from '../../voting/voting.js';
import { ownData, ownVotes } from './own-data.js';

/** Taking one's own data along, and closing the account. */
export function leavingRoutes({
  db,
  store,
  sudo,
}: {
  db: Database;
  store: RecordedStore;
  sudo: Sudo;
}): Router {
  const router = Router();

  router
    .route('/profile/export')
    .get(requireUser, async (req, res) => {
      const user = userOf(res);
      const csv = req.query.format === 'csv';
      res.attachment(`thinga-${user.id}.${csv ? 'csv' : 'json'}`);
      if (!csv) return res.type('json').send(`${JSON.stringify(await ownData(db, user), null, 2)}\n`);
      const columns = ['topic', 'left', 'right', 'outcome', 'at', 'withdrawnAt'];
      const votes = await ownVotes(db, user.id);
      return res.type('csv').send(stringify(votes, { header: true, columns, escape_formulas: true }));
    })
    .all(methodNotAllowed);

  router
    .route('/profile/close')
    .get(requireUser, (_req, res) => sendPage(res, 'profile/close', {}))
    .post(requireUser, refuseOthers, sudo.required, async (req, res) => {
      const { votes } = readForm(req, 'votes');
      if (votes !== 'keep' && votes !== 'withdraw') {
        res.status(422);
        return sendPage(res, 'profile/close', { error: 'Choose what is to become of your votes.' });
      }
      const { id } = userOf(res);
      const withdraw = async (trx: Database) => {
        if (votes === 'withdraw') await withdrawVotes(trx, id);
      };
      await store.forget(await closeAccount(db, id, withdraw));
      Object.assign(req, { session: undefined });
      clearCookie(res, 'thinga');
      res.setHeader('Clear-Site-Data', '"cache", "storage"');
      flash(res, 'closed');
      await seeOther(res, '/');
    })
    .all(methodNotAllowed);

  return router;
}

// Somebody else has logged in on this browser since the page was opened: it is not their account that was meant.
const refuseOthers: RequestHandler = (req, res, next) => {
  if (readForm(req, 'person').person === String(userOf(res).id)) return next();
  flash(res, 'not-your-account');
  return seeOther(res, '/profile/close');
};
