import type { RequestHandler, Response } from 'express';
import { clearCookie, readCookie, setCookie } from './cookies.js';
import { wantsPart } from './page.js';

// Only the name of a message travels, so nobody can make the site say something it would not.
const messages = {
  welcome: 'Welcome. Your account is ready.',
  'logged-in': 'You are logged in.',
  'welcome-all': 'Welcome. Your account is ready, and the votes you cast before count now.',
  'welcome-some':
    'Welcome. Your account is ready. Most of the votes you cast before count now; not all could.',
  'welcome-none': 'Welcome. Your account is ready. None of the votes you cast before could be counted.',
  'logged-in-none':
    'You are logged in. None of the votes you cast before counts: you had answered those pairs already, or they are gone.',
  'logged-in-all': 'You are logged in, and the votes you cast before count now.',
  'logged-in-some':
    'You are logged in. The votes you cast before count now, but for pairs you had answered already or that are gone.',
  'logged-out': 'You are logged out.',
  'not-logged-in': 'You are logged out, so nothing was changed. Log in and try again.',
  'not-yours': 'Somebody else has logged in on this browser, so that choice was not counted.',
  'not-your-account': 'That page was opened by somebody else on this browser, so no account was closed.',
  closed: 'Your account is closed. Thank you for having been here.',
  'taken-back': 'Taken back. It no longer counts.',
  'others-ended': 'You are logged out everywhere else.',
  'device-ended': 'That device is logged out.',
  'stranger-ended': 'That session is ended. Now choose a new password, so that it stays so.',
  'password-changed': 'Your password is changed, and you are logged out everywhere else.',
  'guest-deleted': 'Your votes as a guest are deleted.',
  'share-ended': 'That link is ended. Whoever opens it reads so.',
} as const;

/** The name of something the next page tells once. */
export type Flash = keyof typeof messages;

/** Puts what the page before left to be told into `it.flash`, and forgets it. */
export const readFlash: RequestHandler = (req, res, next) => {
  const kept = wantsPart(res) ? undefined : readCookie(req, 'flash');
  res.locals.flash = kept && Object.hasOwn(messages, kept) ? messages[kept as Flash] : undefined;
  if (kept !== undefined) clearCookie(res, 'flash');
  next();
};

/** Leaves something for the next page to tell. */
export function flash(res: Response, message: Flash): void {
  setCookie(res, 'flash', { value: message, maxAge: 60_000 });
}
