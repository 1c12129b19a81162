import { Router } from 'express';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { localPath } from '../http/local-path.js';
import { seeOther, sendPage } from '../http/page.js';
import { notFound } from '../http/problem.js';
import { headOf } from './audit/hash-chain.js';
import { timelineOf } from './audit/timeline.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { requireGuest, requireUser, userOf } from './sessions/current-user.js';
import { knownDevice, rememberDevice } from './sessions/device-cookie.js';
import { devicesOf, endDevice, endDevices } from './sessions/devices.js';
import { endReasonLabels, endReasonText } from './sessions/end-reasons.js';
import { recordEvent } from './sessions/sessions.js';
import { signIn, signOut } from './sessions/sign-in.js';
import { authenticate } from './users/users.js';

// The same for a wrong name, a wrong password, a disabled account and too many tries: which it was is nobody's.
const REFUSED =
  'That name and password do not belong together, or there were too many tries. Check both, and try again in a while.';

/** Logging in and out, and where one is signed in. */
export function sessionRoutes({
  db,
  passwords,
  config,
  store,
  throttle,
  pendingRevocations,
  sudo,
  onSignIn,
}: AuthServices): Router {
  const router = Router();

  router
    .route('/login')
    .get(requireGuest, (req, res) => {
      const { endReason } = res.locals;
      sendPage(res, 'auth/login', {
        next: localPath(req.query.next),
        why: endReason && endReasonText(endReason),
      });
    })
    .post(async (req, res) => {
      const form = readForm(req, 'username', 'password', 'remember', 'next');
      const { username, password } = form;
      const remembered = form.remember !== '';
      const { network } = res.locals;
      await throttle.admit(network);
      // Asked for even when it can't count, so that the time of the answer tells nothing.
      const found = await authenticate(db, passwords.from(network), { username, password });
      const attempt = { username, network, device: knownDevice(req, found, config) };
      const allowed = await throttle.allows(attempt);
      const ended =
        found.accepted && allowed ? await signIn(req, db, config, { ...found, remembered }) : undefined;
      if (!ended || !found.accepted) {
        // Counted before anything else can fail; recorded for names that nobody has as well, so that the time of
        // the answer tells nothing.
        const given = { userId: found.userId ?? null, sessionId: null, client: readClient(req) };
        if (allowed) {
          await throttle.failed(attempt);
          await recordEvent(db, { kind: 'login-failed', ...given });
        } else if (await throttle.refused(attempt))
          await recordEvent(db, { kind: 'login-throttled', ...given });
        res.status(422);
        const typed = { username, remembered, next: localPath(form.next) };
        return sendPage(res, 'auth/login', { ...typed, error: REFUSED });
      }
      await store.forget(ended);
      await throttle.succeeded(attempt);
      rememberDevice(res, found, config);
      const said = await onSignIn(req, res, { userId: found.userId, isNew: false });
      flash(res, said ?? 'logged-in');
      await seeOther(res, form.next && localPath(form.next) !== '/' ? localPath(form.next) : '/vote');
    })
    .all(methodNotAllowed);

  router
    .route('/logout')
    .post(async (req, res) => {
      const mayBeSomebody = res.locals.unknownBecause ?? req.session?.userId;
      if (mayBeSomebody && req.sessionID) await signOut(req, res, db, { pendingRevocations, store });
      flash(res, 'logged-out');
      await seeOther(res, '/');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/sessions')
    .get(requireUser, async (_req, res) => {
      const user = userOf(res);
      const [devices, timeline, head] = await Promise.all([
        devicesOf(db, user.id),
        timelineOf(db, user.id),
        headOf(db, user.id),
      ]);
      const { session } = res.locals;
      sendPage(res, 'auth/devices', { ...devices, timeline, head, session, endings: endReasonLabels });
    })
    .all(methodNotAllowed);

  router
    .route('/profile/sessions/end-others')
    .post(requireUser, sudo.required, async (req, res) => {
      const keep = res.locals.session?.id ?? 0;
      const ended = await endDevices(db, userOf(res).id, 'revoked', { keep, client: readClient(req) });
      await store.forget(ended);
      flash(res, 'others-ended');
      await seeOther(res, '/profile/sessions');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/sessions/:publicId/end')
    .post(requireUser, sudo.required, async (req, res) => {
      const { stranger } = readForm(req, 'stranger');
      const ended = await endDevice(db, userOf(res).id, String(req.params.publicId), readClient(req));
      if (!ended) throw notFound();
      await store.forget([ended]);
      flash(res, stranger ? 'stranger-ended' : 'device-ended');
      await seeOther(res, stranger ? '/profile/password' : '/profile/sessions');
    })
    .all(methodNotAllowed);

  return router;
}
