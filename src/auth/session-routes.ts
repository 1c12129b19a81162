import { type RequestHandler, Router } from 'express';
import { clearCookie } from '../http/cookies.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { localPath } from '../http/local-path.js';
import { seeOther, sendPage } from '../http/page.js';
import { notFound } from '../http/problem.js';
import { headOf } from './audit/hash-chain.js';
import { timelineOf } from './audit/timeline.js';
import { countLogIn } from './count-log-in.js';
import { finishLogIn } from './finish-log-in.js';
import { logIn } from './log-in.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { requireLoggedOut, requireUser, userOf } from './sessions/current-user.js';
import { listDevices } from './sessions/devices.js';
import { barredMessage, endMessage, endReasonLabels } from './sessions/end-reasons.js';
import { endOwnSession, endSessions } from './sessions/end-sessions.js';
import { signOut } from './sessions/sign-in.js';

// The same text for a wrong name, a wrong password and too many tries, so that strangers learn nothing from it.
const REFUSED = 'Wrong name or password, or too many tries. Check both and try again later.';

/** The pages for logging in and out, and for the list of sessions. */
export function sessionRoutes(services: AuthServices): Router {
  const { db, config, store, pendingRevocations, sudo } = services;
  const router = Router();
  const idleSeconds = 60 * config.sessionIdleMinutes;

  router
    .route('/login')
    .get(requireLoggedOut, (req, res) => {
      const { endReason, disabledReason } = res.locals;
      sendPage(res, 'auth/login', {
        next: localPath(req.query.next),
        idleSeconds,
        endMessage: endReason && endMessage(endReason, disabledReason),
      });
    })
    .post(async (req, res) => {
      const form = readForm(req, 'username', 'password', 'remember', 'next');
      const { username, password } = form;
      const remembered = form.remember !== '';
      const { network } = res.locals;
      const attempt = logIn(services, req, { username, password, remembered, network });
      const account = await countLogIn('password', attempt);
      const next = localPath(form.next);
      if (!account || 'barred' in account) {
        return sendPage(res.status(422), 'auth/login', {
          ...{ username, remembered, next, idleSeconds },
          error: account ? barredMessage(account.barred) : REFUSED,
        });
      }
      await finishLogIn(services, { req, res }, { account, next });
    })
    .all(methodNotAllowed);

  router
    .route('/logout')
    .post(async (req, res) => {
      const mayBeLoggedIn = res.locals.sessionError ?? req.session?.userId;
      if (mayBeLoggedIn && req.sessionID) await signOut(req, res, { db, pendingRevocations, store });
      // Both hold secrets of the person who used this browser.
      clearCookie(res, 'recovery');
      clearCookie(res, 'links');
      flash(res, 'logged-out');
      await seeOther(res, '/');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/sessions')
    .get(requireUser, async (_req, res) => {
      const user = userOf(res);
      const [devices, timeline, head] = await Promise.all([
        listDevices(db, user.id),
        timelineOf(db, user.id),
        headOf(db, user.id),
      ]);
      const { session } = res.locals;
      sendPage(res, 'auth/devices', { ...devices, timeline, head, session, endings: endReasonLabels });
    })
    .all(methodNotAllowed);

  // A script asks how long this session lasts, as a poll, or posts to stay logged in. The header tells.
  router
    .route('/profile/sessions/current')
    .get(answerWhetherLoggedIn)
    .post(answerWhetherLoggedIn)
    .all(methodNotAllowed);

  router
    .route('/profile/sessions/end-others')
    .post(requireUser, sudo.required, async (req, res) => {
      const keepId = res.locals.session?.id ?? 0;
      const ending = { reason: 'revoked' as const, keepId, client: readClient(req) };
      await store.deleteByHash(await endSessions(db, userOf(res).id, ending));
      flash(res, 'others-ended');
      await seeOther(res, '/profile/sessions');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/sessions/:publicId/end')
    .post(requireUser, sudo.required, async (req, res) => {
      const { stranger } = readForm(req, 'stranger');
      const session = { publicId: String(req.params.publicId), client: readClient(req) };
      const ended = await endOwnSession(db, userOf(res).id, session);
      if (!ended) throw notFound();
      await store.deleteByHash([ended]);
      flash(res, stranger ? 'stranger-ended' : 'device-ended');
      await seeOther(res, stranger ? '/profile/password' : '/profile/sessions');
    })
    .all(methodNotAllowed);

  return router;
}

const answerWhetherLoggedIn: RequestHandler = (_req, res) => {
  if (res.locals.sessionError) throw res.locals.sessionError;
  res.status(res.locals.user ? 204 : 401).end();
};
