import { sql } from 'kysely';
import { recordEvent } from '../../auth/audit/record-event.js';
import { RESET_LINK_HOURS, recordResetLink } from '../../auth/recovery/reset-link.js';
import { endSessions } from '../../auth/sessions/end-sessions.js';
import { lockUser } from '../../auth/sessions/sessions.js';
import { isLastAdmin } from '../../auth/users/last-admin.js';
import type { Transaction } from '../../database.js';
import { type Actor, idOfActor, recordAct } from '../record-act.js';

/** What an act is done to, and why. */
export interface PersonActed {
  userId: number;
  /** The reason that the admin gave; empty for acts without one. */
  note: string;
}

/** Why an act was refused: nobody could run the site any more. */
export type Refused = 'last admin';

/** The hashes of the sessions that an act ended, whose state the caller deletes; or why it was refused. */
export type Acted = string[] | Refused;

/** Something that an admin does to a person, in one transaction with its record. */
export type PersonAct = (trx: Transaction, actor: Actor, person: PersonActed) => Promise<Acted>;

/** Makes a person an admin. Somebody who waited for approval no longer waits. */
export const giveRole: PersonAct = async (trx, actor, { userId }) => {
  await trx
    .updateTable('users')
    .set({ role: 'admin', awaitingSince: null })
    .where('id', '=', userId)
    .execute();
  await recordEvent(trx, { kind: 'promoted', userId, sessionId: null });
  await recordAct(trx, actor, { kind: 'admin-role-given', about: `person ${userId}` });
  return [];
};

/** Makes a link with which a person sets a new password, once, within 24 hours. */
export const giveResetLink = async (
  trx: Transaction,
  actor: Actor,
  { userId, token }: { userId: number; token: string },
): Promise<void> => {
  const event = { kind: 'reset-link', reason: `admin ${idOfActor(actor)}` } as const;
  await recordResetLink(trx, { userId, token, hours: RESET_LINK_HOURS, event });
  await recordAct(trx, actor, { kind: 'admin-reset-link', about: `person ${userId}` });
};

/** Takes the role of an admin away. The last admin keeps it. */
export const takeRole: PersonAct = async (trx, actor, { userId }) => {
  if (await isLastAdmin(trx, userId)) return 'last admin';
  await trx.updateTable('users').set({ role: 'member' }).where('id', '=', userId).execute();
  await recordEvent(trx, { kind: 'demoted', userId, sessionId: null });
  await recordAct(trx, actor, { kind: 'admin-role-taken', about: `person ${userId}` });
  return [];
};

/** Disables an account with a reason, which its user reads at the log-in, and ends all its sessions. Its votes still count. */
export const disablePerson: PersonAct = async (trx, actor, { userId, note }) => {
  if (await isLastAdmin(trx, userId)) return 'last admin';
  await lockUser(trx, userId);
  await trx
    .updateTable('users')
    .set({ disabledAt: sql<Date>`now()`, disabledReason: note || null })
    .where('id', '=', userId)
    .execute();
  await recordEvent(trx, { kind: 'disabled', userId, sessionId: null, ...(note && { reason: note }) });
  await recordAct(trx, actor, { kind: 'admin-disabled', about: `person ${userId}`, note });
  return endSessions(trx, userId, { reason: 'account' });
};

/** Lets the user of a disabled account log in again. */
export const enablePerson: PersonAct = async (trx, actor, { userId }) => {
  await trx
    .updateTable('users')
    .set({ disabledAt: null, disabledReason: null })
    .where('id', '=', userId)
    .execute();
  await recordEvent(trx, { kind: 'enabled', userId, sessionId: null });
  await recordAct(trx, actor, { kind: 'admin-enabled', about: `person ${userId}` });
  return [];
};

/** Logs a person out everywhere. */
export const endSessionsOf: PersonAct = async (trx, actor, { userId }) => {
  const ended = await endSessions(trx, userId, { reason: 'operator' });
  await recordAct(trx, actor, { kind: 'admin-sessions-ended', about: `person ${userId}` });
  return ended;
};

/** Lets a person in who waited for approval. */
export const approvePerson: PersonAct = async (trx, actor, { userId }) => {
  await trx.updateTable('users').set({ awaitingSince: null }).where('id', '=', userId).execute();
  await recordEvent(trx, { kind: 'approved', userId, sessionId: null });
  await recordAct(trx, actor, { kind: 'admin-approved', about: `person ${userId}` });
  return [];
};
