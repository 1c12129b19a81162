import type { RequestHandler } from 'express';
import type { Passwords, PasswordWork } from '../accounts/passwords.js';
import type { Database } from '../database.js';
import { userOf } from '../web/current-user.js';
import { sendPage } from '../web/page.js';
import { renew } from './sign-in.js';

/** How long after the password was given sensitive things may be done without giving it again. */
export const CONFIRMED_FOR_MS = 10 * 60_000;

/**
 * Lets through whoever gave their password within the last ten minutes, and asks everybody else for it. The
 * question is a form with the same address and fields, so what was asked for is done once the password is right.
 */
export function requireConfirmation(db: Database, passwords: Passwords): RequestHandler {
  return async (req, res, next) => {
    if (Date.now() - (req.session.confirmedAt ?? 0) < CONFIRMED_FOR_MS) return next();
    const fields = readFields(req.body);
    const given = fields.get('password');
    fields.delete('password');
    const passwordHash = given && (await matchOwn(db, passwords.from(req.ip), userOf(res).id, given));
    if (passwordHash) {
      if (await renew(req, db, passwordHash)) return next();
      // It was ended meanwhile: the log-in page tells why.
      return res.redirect(303, '/login');
    }
    const error = given ? 'That is not your password. Nothing was done yet.' : undefined;
    res.status(422);
    sendPage(res, 'sessions/confirm', { action: req.originalUrl, fields: [...fields], error });
  };
}

/**
 * Whether a password is this person's.
 * @returns the hash it matches, so that what follows can make sure that it still stands; undefined when it is not theirs
 * @throws PasswordsBusyError when too many are being checked already
 */
export async function matchOwn(
  db: Database,
  passwords: PasswordWork,
  userId: number,
  password: string,
): Promise<string | undefined> {
  const user = await db
    .selectFrom('users')
    .where('id', '=', userId)
    .select('passwordHash')
    .executeTakeFirst();
  return (await passwords.matches(password, user?.passwordHash)) ? user?.passwordHash : undefined;
}

function readFields(body: unknown): Map<string, string> {
  const entries = Object.entries((body ?? {}) as Record<string, unknown>);
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
