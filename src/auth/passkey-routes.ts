import { type Response, Router } from 'express';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { localPath } from '../http/local-path.js';
import { seeOther, sendPage } from '../http/page.js';
import { notFound } from '../http/problem.js';
import { countLogIn } from './count-log-in.js';
import { finishLogIn } from './finish-log-in.js';
import { logInWithPasskey } from './log-in-with-passkey.js';
import { askForPasskey } from './passkeys/check-passkey.js';
import { addPasskey, listPasskeys, removePasskey, renamePasskey, startAdding } from './passkeys/passkeys.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { requireUser, userOf } from './sessions/current-user.js';
import { confirmScope } from './sessions/sudo.js';

/**
 * The pages about passkeys. A script asks for the options as JSON, and sends the browser's answer in a field of an
 * ordinary form.
 */
export function passkeyRoutes(services: AuthServices): Router {
  const { db, config, sudo } = services;
  const router = Router();

  router
    .route('/login/passkey/options')
    .post(async (_req, res) => sendOptions(res, await askForPasskey(services, 'log-in')))
    .all(methodNotAllowed);

  router
    .route('/login/passkey')
    .post(async (req, res) => {
      const form = readForm(req, 'passkey', 'username', 'remember', 'next');
      const [remembered, next] = [form.remember !== '', localPath(form.next)];
      const { network } = res.locals;
      const attempt = logInWithPasskey(services, req, { response: form.passkey, remembered, network });
      const account = await countLogIn('passkey', attempt);
      if (!account) {
        const idleSeconds = 60 * config.sessionIdleMinutes;
        const page = { username: form.username, remembered, next, idleSeconds };
        return sendPage(res.status(422), 'auth/login', { ...page, passkeyError: REFUSED });
      }
      await finishLogIn(services, { req, res }, { account, next });
    })
    .all(methodNotAllowed);

  router
    .route('/profile/passkeys')
    .get(requireUser, async (_req, res) => {
      sendPage(res, 'auth/passkeys', { passkeys: await listPasskeys(db, userOf(res).id) });
    })
    .post(requireUser, sudo.required, async (req, res) => {
      const { passkey, name } = readForm(req, 'passkey', 'name');
      const added = { response: passkey, name, client: readClient(req) };
      const error = await addPasskey(services, ownerOf(res), added);
      if (error) {
        const passkeys = await listPasskeys(db, userOf(res).id);
        return sendPage(res.status(422), 'auth/passkeys', { passkeys, name, error });
      }
      flash(res, 'passkey-added');
      await seeOther(res, '/profile/passkeys');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/passkeys/options')
    .post(requireUser, async (_req, res) => {
      // The script then sends the form, which asks for the password.
      if (!res.locals.session?.isConfirmed) res.status(403).end();
      else sendOptions(res, await startAdding(services, ownerOf(res)));
    })
    .all(methodNotAllowed);

  router
    .route('/profile/passkeys/confirm-options')
    .post(requireUser, async (_req, res) =>
      sendOptions(res, await askForPasskey(services, confirmScope(res))),
    )
    .all(methodNotAllowed);

  router
    .route('/profile/passkeys/:id')
    .post(requireUser, async (req, res) => {
      const renamed = { id: readId(req.params.id), name: readForm(req, 'name').name };
      if (!(await renamePasskey(db, userOf(res).id, renamed))) throw notFound();
      flash(res, 'saved');
      await seeOther(res, '/profile/passkeys');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/passkeys/:id/remove')
    .post(requireUser, sudo.required, async (req, res) => {
      const removed = { id: readId(req.params.id), client: readClient(req) };
      if (!(await removePasskey(db, ownerOf(res), removed))) throw notFound();
      flash(res, 'passkey-removed');
      await seeOther(res, '/profile/passkeys');
    })
    .all(methodNotAllowed);

  return router;
}

const REFUSED = 'This passkey didn’t work here. Try again, or log in with your password.';

const ownerOf = (res: Response) => ({ userId: userOf(res).id, sessionId: res.locals.session?.id ?? 0 });

function sendOptions(res: Response, options: object): void {
  res.setHeader('Cache-Control', 'no-store');
  res.json(options);
}

/** @throws Problem 404 for a text that is no id */
function readId(text: unknown): number {
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id < 1) throw notFound();
  return id;
}
