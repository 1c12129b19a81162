import { sign, unsign } from 'cookie-signature';
import type { Request, Response } from 'express';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { readCookie, setCookie } from '../../http/cookies.js';
import { fingerprint } from './fingerprint.js';
import type { LiveSession } from './sessions.js';

/**
 * Carries a session over to the newest secret: its cookie is signed again, its fingerprint keyed again and its
 * state sealed again, so that the older secret can be dropped once everybody has been here. express-session
 * goes on accepting an older signature, but never renews it.
 */
export async function carryOver(
  req: Request,
  res: Response,
  db: Database,
  config: Config,
  session: LiveSession,
): Promise<void> {
  const [newest, ...older] = config.secrets;
  if (older.length === 0) return;
  const offered = readCookie(req, 'thinga') ?? '';
  const userAgent = req.get('User-Agent');
  if (unsign(offered.replace(/^s:/, ''), newest) !== false) return;

  await db
    .updateTable('sessions')
    .set({ clientFingerprint: fingerprint(userAgent, newest) })
    .where('id', '=', session.id)
    // Never that of another browser, which is let in where fingerprints are only recorded.
    .where(
      'clientFingerprint',
      'in',
      older.map((secret) => fingerprint(userAgent, secret)),
    )
    .execute();
  // A store that is away keeps the older seal; the cookie is then offered, and carried over, once more.
  const saved = await new Promise((resolve) => req.session.save((error) => resolve(!error)));
  const expires = session.remembered ? { expires: session.expiresAt } : {};
  if (saved) setCookie(res, 'thinga', { value: `s:${sign(req.sessionID, newest)}`, ...expires });
}
