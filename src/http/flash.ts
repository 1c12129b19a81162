import type { RequestHandler, Response } from 'express';
import { clearCookie, readCookie, setCookie } from './cookies.js';
import { wantsFragment } from './page.js';

// The cookie holds only a message's name, so nobody can make the site show a text of their own.
const messages = {
  welcome: 'Welcome. Your account is ready.',
  'logged-in': 'You are logged in.',
  'welcome-all': 'Welcome. Your account is ready, and your guest votes now count.',
  'welcome-some':
    'Welcome. Your account is ready. Your guest votes now count, except some that no longer could.',
  'welcome-none': 'Welcome. Your account is ready. None of your guest votes could be counted.',
  'logged-in-none':
    'You are logged in. None of your guest votes count: you had already voted on those pairs, or they were removed.',
  'logged-in-all': 'You are logged in, and your guest votes now count.',
  'logged-in-some':
    'You are logged in. Your guest votes now count, except on pairs you had already voted on or that were removed.',
  'logged-out': 'You are logged out.',
  'not-logged-in': 'You are logged out, so nothing changed. Log in and try again.',
  'not-yours': 'Someone else logged in on this browser, so that vote didn’t count.',
  'not-your-account': 'Someone else opened that page on this browser, so no account was closed.',
  closed: 'Your account is closed. Thank you for being here.',
  'vote-stays': 'Your vote stays as it is. Voting has closed there, or your invitation has ended.',
  'taken-back': 'Taken back. It no longer counts.',
  'others-ended': 'You are logged out everywhere else.',
  'device-ended': 'That device is logged out.',
  'stranger-ended': 'That device is logged out. Now choose a new password to keep your account safe.',
  'password-changed': 'Your password is changed. All other devices are logged out.',
  renamed: 'Your name is changed. Use it when you log in next time.',
  'email-set': 'We sent a link to that address. Open it to confirm the address.',
  'email-confirmed': 'Your e-mail address is confirmed.',
  'email-removed': 'Your e-mail address is removed.',
  'reset-mailed':
    'If this account has a confirmed e-mail address, a link is on its way. It works for an hour.',
  'passkey-added': 'Passkey added. You can log in with it from now on.',
  'passkey-removed': 'Passkey removed. Delete it on your device as well.',
  recovered: 'Your password is changed. You are logged in here, and logged out on all other devices.',
  'guest-deleted': 'Your guest votes are deleted.',
  'guest-partly-deleted':
    'Your guest votes are deleted. Only those that you cast by a link that no longer works stay.',
  'reset-link-made': 'The link is ready. Give it to this person. You see it only for ten minutes.',
  'topic-created': 'Your topic is ready. Open it for votes when you like.',
  'topic-awaits-pictures': 'Your topic is ready. Now add its pictures.',
  'topic-opened': 'Open. Send the link to your voters.',
  'topic-paused': 'Paused. The pairs on people’s screens stay valid until you go on.',
  'topic-resumed': 'Voting goes on.',
  'topic-closed': 'Voting has ended. The results stay as they are.',
  'topic-reopened': 'Open again. The ranking goes on from all votes.',
  proposed: 'Thank you. The organisers look at it.',
  flagged: 'Thank you. The organisers look at it.',
  decided: 'Done.',
  saved: 'Saved.',
  'things-added': 'Added. Newcomers get more pairs at first, so that they catch up.',
  'thing-retired': 'Retired. It gets no more votes, and keeps those it has.',
  'thing-restored': 'Restored. It is voted on again.',
  'thing-merged': 'Merged. Its votes count for the other thing from now on.',
  'merge-undone': 'Undone. Both things have their own votes again.',
  'code-made': 'Here is the code. People type it to vote.',
  'code-off': 'Turned off. Nobody can join by that code any more.',
  'voters-invited': 'The personal links are ready. Copy them now: you see them only for ten minutes.',
  'voter-link-new': 'Here is the new link. The old one no longer works.',
  'voter-links-new': 'Here are new links. The old ones no longer work.',
  'voter-revoked': 'Revoked. That link no longer works. Votes that were cast by it stay.',
  'judge-set-apart': 'Set apart. The ranking follows in a moment, without those votes.',
  'judge-voided': 'Voided. The ranking follows in a moment, without those votes.',
  'judge-restored': 'Those votes count again. The ranking follows in a moment.',
  'note-removed': 'Removed. The vote stays.',
  'role-link-made': 'The link is ready. Copy it now: you see it only for ten minutes.',
  'role-link-off': 'Link turned off. Nobody can use it any more.',
  'role-removed': 'Removed. That person no longer has a role in this topic.',
  'role-left': 'You left that topic. You no longer have a role in it.',
  'role-taken': 'Welcome. Here is the topic that you help to run.',
  'handed-over': 'Handed over. You are an organiser now.',
  'topic-copied': 'Copied. Here is the new draft.',
  'topic-deleted': 'Deleted. You can restore it for a week.',
  'topic-restored': 'Restored. Everything is as it was.',
  'picture-saved': 'Picture saved.',
  'picture-removed': 'Picture removed.',
  'awaits-approval':
    'Your account is made. You can log in when the people who run this site have let you in.',
  'invitations-made': 'The invitations are ready. Copy the links now: you see them only for ten minutes.',
  'invitation-revoked': 'Revoked. That link no longer works.',
  claimed: 'You are an admin now. Give the site its name.',
  'logo-saved': 'Logo saved.',
  'logo-removed': 'Logo removed.',
  'role-given': 'Done. This person is an admin now.',
  'role-taken-away': 'Done. This person is no longer an admin.',
  'person-disabled': 'Disabled. This person is logged out everywhere, and reads your reason at the log-in.',
  'person-enabled': 'Enabled. This person can log in again.',
  'person-logged-out': 'Done. This person is logged out everywhere.',
  'person-approved': 'Let in. This person can log in now.',
  'person-refused': 'Refused. The account is deleted.',
  'topic-hidden': 'Hidden. Only its organisers and admins see it.',
  'topic-shown': 'Shown again.',
  'topic-default': 'This is the default topic now.',
  'topic-handed-over': 'Handed over.',
  'votes-decided': 'Done. The ranking follows in a moment.',
  'record-checked': 'Checked.',
  'share-ended': 'Link turned off. Nobody can open it any more.',
} as const;

/** The name of a message that the next page shows once. */
export type Flash = keyof typeof messages;

/** Reads the message that an earlier page left, puts it into `it.flash`, and clears its cookie. */
export const readFlash: RequestHandler = (req, res, next) => {
  const name = wantsFragment(res) ? undefined : readCookie(req, 'flash');
  res.locals.flash = name && Object.hasOwn(messages, name) ? messages[name as Flash] : undefined;
  if (name !== undefined) clearCookie(res, 'flash');
  next();
};

/** Leaves a message for the next page, for up to a minute. */
export function flash(res: Response, message: Flash): void {
  setCookie(res, 'flash', { value: message, maxAge: 60_000 });
}
