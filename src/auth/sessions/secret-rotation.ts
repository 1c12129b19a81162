import { sign, unsign } from 'cookie-signature';
import type { Request, Response } from 'express';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { readCookie, setCookie } from '../../http/cookies.js';
import { fingerprint } from './fingerprint.js';
import type { LiveSession } from './sessions.js';

/**
 * Moves a session that uses an older secret to the newest one: its cookie, its fingerprint and its encrypted
 * state. The older secret can be removed once every user has been here. express-session accepts an older
 * signature, but never renews it.
 */
export async function moveToNewestSecret(
  req: Request,
  res: Response,
  { db, config, session }: { db: Database; config: Config; session: LiveSession },
): Promise<void> {
  const [newest, ...older] = config.secrets;
  if (older.length === 0) return;
  const cookie = readCookie(req, 'thinga') ?? '';
  const userAgent = req.get('User-Agent');
  if (unsign(cookie.replace(/^s:/, ''), newest) !== false) return;

  await db
    .updateTable('sessions')
    .set({ clientFingerprint: fingerprint(userAgent, newest) })
    .where('id', '=', session.id)
    // Mode `log` lets in other browsers too. Their fingerprint must not replace that of the right browser.
    .where(
      'clientFingerprint',
      'in',
      older.map((secret) => fingerprint(userAgent, secret)),
    )
    .execute();
  // If the store can't save the state, the cookie stays as it is, and the next request tries again.
  const isSaved = await new Promise((resolve) => req.session.save((error) => resolve(!error)));
  const expires = session.remembered ? { expires: session.expiresAt } : {};
  if (isSaved) setCookie(res, 'thinga', { value: `s:${sign(req.sessionID, newest)}`, ...expires });
}
