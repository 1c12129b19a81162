import { type Response, Router } from 'express';
import { z } from 'zod';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { keepSecret } from '../http/headers.js';
import { seeOther, sendPage } from '../http/page.js';
import { Problem } from '../http/problem.js';
import type { AccountMail } from './email/account-mail.js';
import {
  confirmAddress,
  findAddress,
  findUnconfirmed,
  removeAddress,
  setAddress,
} from './email/addresses.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { requireUser, userOf } from './sessions/current-user.js';

const addressRule = z.email().max(254);

/** The pages about a user's e-mail address, for a site that sends mail. */
export function emailRoutes({ db, sudo }: AuthServices, mail: AccountMail): Router {
  const router = Router();

  router
    .route('/profile/email')
    .get(requireUser, async (_req, res) => {
      sendPage(res, 'auth/email', { current: await findAddress(db, userOf(res).id) });
    })
    .post(requireUser, sudo.required, async (req, res) => {
      const address = readForm(req, 'address').address.trim();
      if (!addressRule.safeParse(address).success) {
        const current = await findAddress(db, userOf(res).id);
        const error = 'This is not an e-mail address.';
        return sendPage(res.status(422), 'auth/email', { current, address, error });
      }
      await mail.countRequest(res.locals.network);
      mail.sendConfirmation(address, await setAddress(db, { ...ownerOf(res), address }));
      flash(res, 'email-set');
      await seeOther(res, '/profile/email');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/email/remove')
    .post(requireUser, sudo.required, async (_req, res) => {
      await removeAddress(db, ownerOf(res));
      flash(res, 'email-removed');
      await seeOther(res, '/profile/email');
    })
    .all(methodNotAllowed);

  router
    .route('/email/confirm/:token')
    .get(async (req, res) => {
      keepSecret(res);
      const { token } = req.params;
      const { address } = (await findUnconfirmed(db, token)) ?? failDeadLink();
      sendPage(res, 'auth/confirm-email', { token, address });
    })
    .post(async (req, res) => {
      keepSecret(res);
      if (!(await confirmAddress(db, req.params.token, readClient(req)))) failDeadLink();
      flash(res, 'email-confirmed');
      await seeOther(res, '/');
    })
    .all(methodNotAllowed);

  router
    .route('/recover/mail')
    .post(async (req, res) => {
      const { username } = readForm(req, 'username');
      await mail.countRequest(res.locals.network);
      mail.sendResetLink(username, readClient(req));
      flash(res, 'reset-mailed');
      await seeOther(res, '/recover');
    })
    .all(methodNotAllowed);

  return router;
}

const ownerOf = (res: Response) => ({
  userId: userOf(res).id,
  sessionId: res.locals.session?.id ?? 0,
  client: readClient(res.req),
});

function failDeadLink(): never {
  throw new Problem(
    404,
    'This link no longer works',
    'It was used, replaced, or is too old. Ask for a new one.',
  );
}
