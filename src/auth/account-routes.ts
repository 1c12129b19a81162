import { Router } from 'express';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { localPath } from '../http/local-path.js';
import { networkGroup } from '../http/network.js';
import { seeOther, sendPage } from '../http/page.js';
import { Problem } from '../http/problem.js';
import { PASSWORD_LENGTH } from './passwords/passwords.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { requireGuest, requireUser, userOf } from './sessions/current-user.js';
import { rememberDevice } from './sessions/device-cookie.js';
import { hashSessionId } from './sessions/sessions.js';
import { renew, signIn } from './sessions/sign-in.js';
import { StateAwayError } from './sessions/store.js';
import { changePassword, register } from './users/users.js';

/** Registering and the password. */
export function accountRoutes({
  db,
  passwords,
  config,
  store,
  throttle,
  sudo,
  onSignIn,
}: AuthServices): Router {
  const router = Router();

  router
    .route('/register')
    .get(requireGuest, (req, res) => {
      sendPage(res, 'auth/register', { next: localPath(req.query.next), length: PASSWORD_LENGTH });
    })
    .post(async (req, res) => {
      const { username, password, next } = readForm(req, 'username', 'password', 'next');
      const { network } = res.locals;
      const registered = await register(db, passwords.from(network), {
        username,
        password,
        networkGroup: networkGroup(network, config.secrets[0]),
      });
      if ('errors' in registered) {
        const { errors } = registered;
        res.status(422);
        const typed = { username, next: localPath(next), length: PASSWORD_LENGTH };
        return sendPage(res, 'auth/register', { ...typed, errors });
      }
      try {
        await signIn(req, db, config, { ...registered, remembered: false });
      } catch (error) {
        if (!(error instanceof StateAwayError)) throw error;
        const then = 'Logging in does not work just now. Please log in with your new name in a moment.';
        throw new Problem(503, 'Your account is ready', then, { retryAfter: 5 });
      }
      rememberDevice(res, registered, config);
      const said = await onSignIn(req, res, { userId: registered.userId, isNew: true });
      flash(res, said ?? 'welcome');
      await seeOther(res, next ? localPath(next) : '/vote');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/password')
    .get(requireUser, (_req, res) => sendPage(res, 'auth/password', { length: PASSWORD_LENGTH }))
    .post(requireUser, async (req, res) => {
      const user = userOf(res);
      const form = readForm(req, 'current', 'password');
      const refuse = (errors: { current?: string; password?: string }): void => {
        res.status(422);
        sendPage(res, 'auth/password', { length: PASSWORD_LENGTH, errors });
      };
      const checked = await sudo.check(req, res, form.current);
      if (checked === 'ended') return seeOther(res, '/login');
      if (checked === 'wrong') return refuse({ current: 'That is not your current password.' });
      const here = { accessTokenHash: hashSessionId(req.sessionID), client: readClient(req) };
      const given = { password: form.password, current: checked.passwordHash };
      const changed = await changePassword(db, passwords.from(res.locals.network), user, given, here);
      // The session was ended meanwhile: the log-in page tells why.
      if (!changed) return seeOther(res, '/login');
      if ('errors' in changed) return refuse(changed.errors);
      await store.forget(changed.ended);
      // The password is changed; that the id stays while its state can't be saved is no reason to say otherwise.
      await renew(req, db, changed.passwordHash).catch((error: unknown) => {
        if (!(error instanceof StateAwayError)) throw error;
      });
      await throttle.succeeded({ username: user.username, device: undefined });
      rememberDevice(res, { userId: user.id, passwordHash: changed.passwordHash }, config);
      flash(res, 'password-changed');
      await seeOther(res, '/profile/sessions');
    })
    .all(methodNotAllowed);

  return router;
}
