import { type Response, Router } from 'express';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { seeOther, sendPage } from '../http/page.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { requireUser, userOf } from './sessions/current-user.js';
import { listFormerNames, renameUser } from './users/rename.js';

/** The page for changing one's name. */
export function nameRoutes({ db, sudo }: AuthServices): Router {
  const router = Router();

  router
    .route('/profile/name')
    .get(requireUser, (_req, res) => showForm(res))
    .post(requireUser, sudo.required, async (req, res) => {
      const name = readForm(req, 'new-name')['new-name'];
      const change = { username: name, sessionId: res.locals.session?.id ?? 0, client: readClient(req) };
      const error = await renameUser(db, userOf(res).id, change);
      if (error) return showForm(res.status(422), { name, error });
      flash(res, 'renamed');
      await seeOther(res, '/profile');
    })
    .all(methodNotAllowed);

  async function showForm(res: Response, refused: { name?: string; error?: string } = {}): Promise<void> {
    const former = await listFormerNames(db, userOf(res).id);
    sendPage(res, 'auth/name', { name: userOf(res).username, former, ...refused });
  }

  return router;
}
