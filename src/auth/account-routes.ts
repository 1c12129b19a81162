import { type Request, type Response, Router } from 'express';
import type { Config } from '../config.js';
import { type Database, unlessUnavailable } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { keepSecret } from '../http/headers.js';
import { localPath } from '../http/local-path.js';
import { networkGroups } from '../http/network.js';
import { seeOther, sendPage } from '../http/page.js';
import { TemporaryProblem } from '../http/problem.js';
import { contactOf } from '../site/contact.js';
import { admissionOf } from './admission.js';
import type { PasswordLength } from './passwords/passwords.js';
import { makeRecoveryCode } from './recovery/recovery-code.js';
import { showRecoveryCode } from './recovery-routes.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { requireLoggedOut, requireUser, userOf } from './sessions/current-user.js';
import { rememberDevice } from './sessions/device-cookie.js';
import { LogInUnavailableError } from './sessions/session-store.js';
import { hashSessionId } from './sessions/sessions.js';
import { type Proof, rotateSessionId, signIn } from './sessions/sign-in.js';
import { type Account, changePassword, type FieldErrors, register } from './users/users.js';

/** The pages for registering and for changing the password. */
export function accountRoutes({
  db,
  passwords,
  config,
  settings,
  store,
  throttle,
  signUpLimit,
  sudo,
  onSignIn,
}: AuthServices): Router {
  const router = Router();
  const { length } = passwords;
  const idleSeconds = 60 * config.sessionIdleMinutes;

  router
    .route('/register')
    .get(requireLoggedOut, async (req, res) => {
      const invitation = typeof req.query.invitation === 'string' ? req.query.invitation : '';
      if (invitation !== '') keepSecret(res);
      const admission = await admissionOf({ db, settings }, invitation);
      if (admission === 'closed' || admission === 'by invitation') return sendClosed(res, admission);
      const awaitsApproval = admission === 'after approval';
      const next = localPath(req.query.next);
      sendPage(res, 'auth/register', { next, length, idleSeconds, invitation, awaitsApproval });
    })
    .post(async (req, res) => {
      const { username, password, remember, next, invitation } = readForm(
        req,
        'username',
        'password',
        'remember',
        'next',
        'invitation',
      );
      const admission = await admissionOf({ db, settings }, invitation);
      if (admission === 'closed' || admission === 'by invitation') return sendClosed(res, admission);
      const awaitsApproval = admission === 'after approval';
      const remembered = remember !== '';
      const { network } = res.locals;
      const groups = networkGroups(network, config.secrets[0]);
      const taken = admission === 'invited' ? invitation : '';
      const form = { username, password, groups, awaitsApproval, invitation: taken };
      const create = () => register(db, passwords.forNetwork(network), form);
      const account = await (signUpLimit?.guard(network, create) ?? create()).catch(asRefusal);
      if ('errors' in account || 'refusal' in account) {
        const shown = { invitation, awaitsApproval, length, idleSeconds };
        const page = { username, remembered, next: localPath(next), ...shown };
        if ('errors' in account)
          return sendPage(res.status(422), 'auth/register', { ...page, errors: account.errors });
        res.status(429).setHeader('Retry-After', String(account.retryAfter));
        return sendPage(res, 'auth/register', { ...page, refusal: account.refusal });
      }
      if (awaitsApproval) {
        flash(res, 'awaits-approval');
        return seeOther(res, '/login');
      }
      await signInNewUser(req, { db, config }, { ...account, remembered });
      rememberDevice(res, account, config);
      const message = await onSignIn(req, res, { userId: account.userId, isNew: true });
      flash(res, message ?? 'welcome');
      const code = await unlessUnavailable(undefined, () => makeRecoveryCode(db, account.userId));
      await showRecoveryCode(res, code, next ? localPath(next) : '/vote');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/password')
    .get(requireUser, (_req, res) => sendPage(res, 'auth/password', { length }))
    .post(requireUser, async (req, res) => {
      const user = userOf(res);
      const { current, password } = readForm(req, 'current', 'password');
      const check = await sudo.checkPassword(req, res, current);
      if (check === 'ended') return seeOther(res, '/login');
      if (check === 'wrong')
        return refusePassword(res, length, { current: 'This is not your current password.' });
      const changed = await changePassword(db, passwords.forNetwork(res.locals.network), {
        user,
        password,
        currentHash: check.passwordHash,
        accessTokenHash: hashSessionId(req.sessionID),
        client: readClient(req),
      });
      // The session has ended meanwhile. The log-in page says why.
      if (!changed) return seeOther(res, '/login');
      if ('errors' in changed) return refusePassword(res, length, changed.errors);
      await store.deleteByHash(changed.ended);
      await rotateIfPossible(req, db, changed);
      await throttle.recordSuccess({ username: user.username, device: undefined });
      rememberDevice(res, { userId: user.id, passwordHash: changed.passwordHash }, config);
      flash(res, 'password-changed');
      await seeOther(res, '/profile/sessions');
    })
    .all(methodNotAllowed);

  function sendClosed(res: Response, admission: 'closed' | 'by invitation'): void {
    const contact = contactOf(settings.current);
    sendPage(res.status(403), 'auth/closed', { isByInvitation: admission === 'by invitation', contact });
  }

  return router;
}

// The page with the form says so, and keeps what was typed.
function asRefusal(error: unknown): { refusal: string; retryAfter: number } {
  if (!(error instanceof TemporaryProblem && error.status === 429)) throw error;
  const refusal = `There were too many sign-ups from your network. ${error.message}`;
  return { refusal, retryAfter: error.retryAfter };
}

async function signInNewUser(
  req: Request,
  services: { db: Database; config: Config },
  account: Account & { remembered: boolean },
): Promise<void> {
  try {
    await signIn(req, services, account);
  } catch (error) {
    if (!(error instanceof LogInUnavailableError)) throw error;
    throw new TemporaryProblem({
      status: 503,
      title: 'Your account is ready',
      message: 'We couldn’t log you in. Please log in with your new name in a moment.',
      retryAfter: 5,
    });
  }
}

function refusePassword(
  res: Response,
  length: PasswordLength,
  errors: FieldErrors<'current' | 'password'>,
): void {
  sendPage(res.status(422), 'auth/password', { length, errors });
}

// The new password is already valid. While the state can't be saved, the session keeps its old id.
async function rotateIfPossible(req: Request, db: Database, proof: Proof): Promise<void> {
  try {
    await rotateSessionId(req, db, proof);
  } catch (error) {
    if (!(error instanceof LogInUnavailableError)) throw error;
  }
}
