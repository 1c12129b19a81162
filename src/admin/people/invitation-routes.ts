import { type Request, type Response, Router } from 'express';
import { siteInvitationTokenOf } from '../../auth/users/site-invitations.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { readForm } from '../../http/form.js';
import { keepSecret } from '../../http/headers.js';
import { sendPage } from '../../http/page.js';
import { notFound } from '../../http/problem.js';
import { readFreshSeed, startFreshLinks } from '../../organize/fresh-links.js';
import type { SiteSettings } from '../../site/site-settings.js';
import { hashToken } from '../../tokens.js';
import { backTo, idOf } from '../admin-page.js';
import { actorOf } from '../record-act.js';
import { requireAdmin } from '../require-admin.js';
import {
  invitationUrlOf,
  inviteToSite,
  listSiteInvitations,
  readNotes,
  revokeSiteInvitation,
  type SiteInvitation,
} from './invitations.js';

interface InvitationServices {
  db: Database;
  config: Config;
  settings: SiteSettings;
}

/** The page on which admins invite people to register, and get each link once. */
export function invitationRoutes({ db, config, settings }: InvitationServices): Router {
  const router = Router();

  router
    .route('/admin/people/invitations')
    .get(requireAdmin, (req, res) => showInvitations(req, res))
    .post(requireAdmin, async (req, res) => {
      const { notes } = readForm(req, 'notes');
      const read = readNotes(notes);
      if ('error' in read) return showInvitations(req, res.status(422), { notes, error: read.error });
      const act = { ...read, seed: startFreshLinks(res) };
      await db.transaction().execute((trx) => inviteToSite(trx, actorOf(req, res), act));
      return backTo(res, '/people/invitations', 'invitations-made');
    })
    .all(methodNotAllowed);

  router
    .route('/admin/people/invitations/:id/revoke')
    .post(requireAdmin, async (req, res) => {
      const [actor, id] = [actorOf(req, res), idOf(req)];
      if (!(await db.transaction().execute((trx) => revokeSiteInvitation(trx, actor, id)))) throw notFound();
      await backTo(res, '/people/invitations', 'invitation-revoked');
    })
    .all(methodNotAllowed);

  /** @param form what was typed, and what is wrong with it */
  async function showInvitations(
    req: Request,
    res: Response,
    form: { notes: string; error: string } = { notes: '', error: '' },
  ): Promise<void> {
    keepSecret(res);
    const seed = readFreshSeed(req);
    const invitations = (await listSiteInvitations(db)).map((one) => ({ ...one, url: urlOf(one, seed) }));
    const { registration } = settings.current;
    const fresh = invitations.filter(({ url }) => url);
    sendPage(res, 'admin/invitations', { invitations, fresh, registration, ...form });
  }

  /** The address of a link that this browser has just made. */
  function urlOf({ id, tokenHash, state }: SiteInvitation, seed: string | undefined): string | undefined {
    const token = seed && siteInvitationTokenOf(seed, id);
    const isFresh = token && state === 'open' && hashToken(token) === tokenHash;
    return isFresh ? invitationUrlOf(config, token) : undefined;
  }

  return router;
}
