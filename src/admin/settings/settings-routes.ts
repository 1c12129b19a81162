import { type Request, type Response, Router } from 'express';
import type { Pictures, SavedPicture } from '../../catalog/pictures/pictures.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { readForm } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import { readUpload } from '../../http/upload.js';
import type { SiteSettings } from '../../site/site-settings.js';
import { backTo } from '../admin-page.js';
import { actorOf } from '../record-act.js';
import { requireAdmin } from '../require-admin.js';
import { changeSite } from './change-site.js';
import { readSite, SITE_FIELDS, type SiteErrors, type SiteForm, siteFormOf } from './site-form.js';

interface SettingsServices {
  db: Database;
  config: Config;
  pictures: Pictures;
  settings: SiteSettings;
}

/** The page on which admins name the site, and say who may do what. */
export function settingsRoutes({ db, config, pictures, settings }: SettingsServices): Router {
  const router = Router();

  router
    .route('/admin/settings')
    .get(requireAdmin, (_req, res) => showSettings(res))
    .post(requireAdmin, async (req, res) => {
      const form = readForm(req, ...SITE_FIELDS);
      const read = readSite(form, settings.current);
      if ('errors' in read) return showSettings(res.status(422), { form, errors: read.errors });
      await change(req, res, read.change);
      return backTo(res, '/settings', 'saved');
    })
    .all(methodNotAllowed);

  router
    .route('/admin/settings/logo')
    .post(requireAdmin, async (req, res) => {
      const saved = await receiveLogo(req);
      if ('problem' in saved) return showSettings(res.status(422), { logoError: saved.problem });
      await change(req, res, { logo: saved.picture });
      return backTo(res, '/settings', 'logo-saved');
    })
    .all(methodNotAllowed);

  router
    .route('/admin/settings/logo/remove')
    .post(requireAdmin, async (req, res) => {
      await change(req, res, { logo: null });
      await backTo(res, '/settings', 'logo-removed');
    })
    .all(methodNotAllowed);

  async function change(
    req: Request,
    res: Response,
    values: Parameters<typeof changeSite>[2],
  ): Promise<void> {
    await db.transaction().execute((trx) => changeSite(trx, actorOf(req, res), values));
    await settings.refresh();
  }

  async function receiveLogo(req: Request): Promise<SavedPicture> {
    const limits = { files: 1, fileBytes: pictures.maxBytes + 1, fieldBytes: 1_000 };
    let saved: SavedPicture = { problem: 'Choose a picture.' };
    for await (const part of readUpload(req, { ...limits, requestBytes: 2 * pictures.maxBytes }))
      if ('stream' in part) saved = await pictures.saveForSite(part.stream);
    return saved;
  }

  /** @param shown what was typed, and what is wrong with it */
  function showSettings(
    res: Response,
    { form, errors = {}, logoError }: { form?: SiteForm; errors?: SiteErrors; logoError?: string } = {},
  ): void {
    const { logo } = settings.current;
    sendPage(res, 'admin/settings', {
      ...{ form: form ?? siteFormOf(settings.current), errors, logo, logoError },
      maxMegabytes: config.maxPictureMb,
    });
  }

  return router;
}
