import { type Request, type Response, Router } from 'express';
import { clearCookie, readCookie, setCookie } from '../http/cookies.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { keepSecret } from '../http/headers.js';
import { localPath } from '../http/local-path.js';
import { seeOther, sendPage } from '../http/page.js';
import { Problem } from '../http/problem.js';
import { contactOf } from '../site/contact.js';
import { noteDevice } from './note-device.js';
import { listPasskeys } from './passkeys/passkeys.js';
import { recover } from './recover.js';
import { findRecoveryCode, isRecoveryCode, renewRecoveryCode } from './recovery/recovery-code.js';
import { findResetLink, resetByLink } from './recovery/reset-link.js';
import type { ResetAccount } from './recovery/reset-password.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { requireUser, userOf } from './sessions/current-user.js';
import { signIn } from './sessions/sign-in.js';
import { checkNewPassword } from './users/password-rules.js';

const REFUSED = 'This name and this code don’t match. Check both and try again.';
const FRESH_MINUTES = 10;

/** The pages for getting back into an account: the recovery code, and a link for a new password. */
export function recoveryRoutes(services: AuthServices): Router {
  const { db, config, settings, passwords, store, sudo, throttle, onSignIn } = services;
  const { length } = passwords;
  const helpOf = () => ({ contact: contactOf(settings.current), sendsMail: config.smtpUrl !== undefined });
  const router = Router();

  router
    .route('/recover')
    .get((_req, res) => sendPage(res, 'auth/recover', { length, ...helpOf() }))
    .post(async (req, res) => {
      keepSecret(res);
      const { username, code, password } = readForm(req, 'username', 'code', 'password');
      const refuse = (errors: { error?: string; passwordError?: string }) =>
        sendPage(res.status(422), 'auth/recover', { length, ...helpOf(), username, code, ...errors });
      const passwordError = checkNewPassword({ username: username.trim() }, password, length);
      if (passwordError) return refuse({ passwordError });
      const { network } = res.locals;
      const account = await recover(services, req, { username, code, password, network });
      if (!account) return refuse({ error: REFUSED });
      await signInAfterReset(req, res, account);
    })
    .all(methodNotAllowed);

  router
    .route('/reset/:token')
    .get(async (req, res) => {
      keepSecret(res);
      const { token } = req.params;
      const { username } = (await findResetLink(db, token)) ?? failDeadLink();
      sendPage(res, 'auth/reset', { token, username, length });
    })
    .post(async (req, res) => {
      keepSecret(res);
      const { token } = req.params;
      const { password } = readForm(req, 'password');
      const reset = { token, password, client: readClient(req) };
      const account =
        (await resetByLink(db, passwords.forNetwork(res.locals.network), reset)) ?? failDeadLink();
      if ('error' in account) {
        const { username } = (await findResetLink(db, token)) ?? failDeadLink();
        return sendPage(res.status(422), 'auth/reset', { token, username, length, error: account.error });
      }
      await signInAfterReset(req, res, account);
    })
    .all(methodNotAllowed);

  router
    .route('/profile/recovery-code')
    .get(requireUser, async (req, res) => {
      const { id } = userOf(res);
      const [row, passkeys] = await Promise.all([findRecoveryCode(db, id), listPasskeys(db, id)]);
      const fresh = readCookie(req, 'recovery') ?? '';
      const code = row && isRecoveryCode(fresh, row.codeHash) ? fresh.split(/(?<=-)/) : undefined;
      const next = localPath(req.query.next);
      sendPage(res, 'auth/recovery-code', {
        ...{ code, createdAt: row?.createdAt, next },
        passkeys: passkeys.length,
      });
    })
    .post(requireUser, sudo.required, async (req, res) => {
      const owner = {
        userId: userOf(res).id,
        sessionId: res.locals.session?.id ?? 0,
        client: readClient(req),
      };
      await showRecoveryCode(res, await renewRecoveryCode(db, owner), '/profile');
    })
    .all(methodNotAllowed);

  router
    .route('/profile/recovery-code/saved')
    .post(requireUser, async (req, res) => {
      clearCookie(res, 'recovery');
      await seeOther(res, localPath(readForm(req, 'next').next));
    })
    .all(methodNotAllowed);

  /** Logs the owner of an account in on this device, and shows them their new recovery code. */
  async function signInAfterReset(req: Request, res: Response, account: ResetAccount): Promise<void> {
    await store.deleteByHash(account.ended);
    await throttle.recordSuccess({ username: account.username, device: undefined });
    // The password was changed again meanwhile, or the account was disabled.
    if (!(await signIn(req, { db, config }, { ...account, remembered: false })))
      return seeOther(res, '/login');
    noteDevice(services, res, account);
    await onSignIn(req, res, { userId: account.userId, isNew: false });
    flash(res, 'recovered');
    await showRecoveryCode(res, account.recoveryCode, '/vote');
  }

  return router;
}

/**
 * Answers with the page that shows a new recovery code. Only a cookie of its owner's browser keeps the code, until it is
 * saved.
 * @param code undefined when none was made; then the answer leads on
 * @param next the path to go to afterwards
 */
export async function showRecoveryCode(res: Response, code: string | undefined, next: string): Promise<void> {
  if (code === undefined) return seeOther(res, next);
  setCookie(res, 'recovery', { value: code, maxAge: FRESH_MINUTES * 60_000 });
  await seeOther(res, `/profile/recovery-code?next=${encodeURIComponent(next)}`);
}

function failDeadLink(): never {
  throw new Problem(
    404,
    'This link no longer works',
    'It was used, replaced, or is too old. Ask the people who run this site for a new one.',
  );
}
