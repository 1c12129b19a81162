import { type Request, type RequestHandler, type Response, Router } from 'express';
import { findResetLink, resetUrlOf } from '../../auth/recovery/reset-link.js';
import type { SessionStore } from '../../auth/sessions/session-store.js';
import type { Sudo } from '../../auth/sessions/sudo.js';
import { lastAdmin } from '../../auth/users/last-admin.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import type { Flash } from '../../http/flash.js';
import { readForm } from '../../http/form.js';
import { keepSecret } from '../../http/headers.js';
import { sendPage } from '../../http/page.js';
import { notFound } from '../../http/problem.js';
import { readFreshSeed, startFreshLinks } from '../../organize/fresh-links.js';
import { tokenOf } from '../../tokens.js';
import { latestEventsAbout } from '../activity/activity.js';
import { backTo, idOf, readLine } from '../admin-page.js';
import { actorOf } from '../record-act.js';
import { requireAdmin } from '../require-admin.js';
import {
  approvePerson,
  disablePerson,
  enablePerson,
  endSessionsOf,
  giveResetLink,
  giveRole,
  type PersonAct,
  takeRole,
} from './acts.js';
import { findPerson } from './person.js';
import { refuseAccount } from './refuse-account.js';
import { decideOnVotes } from './voters.js';

interface PersonServices {
  db: Database;
  store: SessionStore;
  sudo: Sudo;
  config: Config;
}

const resetTokenOf = (seed: string, userId: number): string => tokenOf(seed, `reset ${userId}`);

/** What admins do to a person. What can't be undone, or gives power, asks for the password. */
const ACTS: [path: string, act: PersonAct, message: Flash, needsSudo: boolean][] = [
  ['give-role', giveRole, 'role-given', true],
  ['take-role', takeRole, 'role-taken-away', true],
  ['disable', disablePerson, 'person-disabled', true],
  ['enable', enablePerson, 'person-enabled', false],
  ['end-sessions', endSessionsOf, 'person-logged-out', true],
  ['approve', approvePerson, 'person-approved', false],
  ['set-votes-apart', decideOnVotes('set apart'), 'votes-decided', false],
  ['void-votes', decideOnVotes('voided'), 'votes-decided', true],
  ['restore-votes', decideOnVotes('restored'), 'votes-decided', false],
];

/** The page of a person, and what admins do there. */
export function personRoutes(services: PersonServices): Router {
  const { db, config, store, sudo } = services;
  const router = Router();

  router
    .route('/admin/people/:id')
    .get(requireAdmin, (req, res) => showPerson(req, res))
    .all(methodNotAllowed);

  // Before the password is asked for, the form is read: a mistake in it shows first.
  const readReason: RequestHandler = async (req, res, next) => {
    const { reason } = readForm(req, 'reason');
    if (readLine(reason, 300)) return next();
    const error = 'Say in 1 to 300 characters why. This person reads it at the log-in.';
    await showPerson(req, res.status(422), { reason, error });
  };

  for (const [path, act, message, needsSudo] of ACTS)
    router
      .route(`/admin/people/:id/${path}`)
      .post(
        requireAdmin,
        ...(act === disablePerson ? [readReason] : []),
        ...(needsSudo ? [sudo.required] : []),
        async (req, res) => {
          const userId = idOf(req);
          if (!(await findPerson(db, userId))) throw notFound();
          const { reason } = readForm(req, 'reason');
          const person = { userId, note: readLine(reason, 300) ?? '' };
          const acted = await db.transaction().execute((trx) => act(trx, actorOf(req, res), person));
          if (acted === 'last admin') throw lastAdmin();
          await store.deleteByHash(acted);
          await backTo(res, `/people/${userId}`, message);
        },
      )
      .all(methodNotAllowed);

  router
    .route('/admin/people/:id/reset-link')
    .post(requireAdmin, sudo.required, async (req, res) => {
      const userId = idOf(req);
      if (!(await findPerson(db, userId))) throw notFound();
      const token = resetTokenOf(startFreshLinks(res), userId);
      await db.transaction().execute((trx) => giveResetLink(trx, actorOf(req, res), { userId, token }));
      await backTo(res, `/people/${userId}`, 'reset-link-made');
    })
    .all(methodNotAllowed);

  router
    .route('/admin/people/:id/refuse')
    .post(requireAdmin, sudo.required, async (req, res) => {
      if (!(await refuseAccount(db, actorOf(req, res), idOf(req)))) throw notFound();
      await backTo(res, '/people?show=waiting', 'person-refused');
    })
    .all(methodNotAllowed);

  /** @param form what was typed as the reason, and what is wrong with it */
  async function showPerson(
    req: Request,
    res: Response,
    form: { reason: string; error: string } = { reason: '', error: '' },
  ): Promise<void> {
    const person = await findPerson(db, idOf(req));
    if (!person) throw notFound();
    keepSecret(res);
    const events = await latestEventsAbout(db, person.id);
    const resetUrl = await freshResetUrl(req, person.id);
    sendPage(res, 'admin/person', { person, events, resetUrl, ...form });
  }

  /** The address of the link for a new password that this browser has just made. */
  async function freshResetUrl(req: Request, userId: number): Promise<string | undefined> {
    const seed = readFreshSeed(req);
    const token = seed && resetTokenOf(seed, userId);
    const link = token && (await findResetLink(db, token));
    return token && link ? resetUrlOf(config, token) : undefined;
  }

  return router;
}
