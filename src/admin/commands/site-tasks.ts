import { INVITATION_DAYS, siteInvitationTokenOf } from '../../auth/users/site-invitations.js';
import { type Command, UsageError } from '../../command-line.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { SiteSettings } from '../../site/site-settings.js';
import { newSeed } from '../../tokens.js';
import { invitationUrlOf, inviteToSite, readNotes } from '../people/invitations.js';
import { changeSite } from '../settings/change-site.js';
import { makeClaim } from '../settings/claim.js';
import { readSite, type SiteForm, siteFormOf } from '../settings/site-form.js';
import { type AdminTask, onlyName } from './admin-task.js';

type Task = ReturnType<Command>;

/** The settings that have a command, with what the command calls them. */
const FIELDS = ['name', 'contact', 'registration', 'topics', 'light', 'dark'] as const;

/** What an operator does to the site as a whole. Admins do the same on the site. */
export const siteTasks: Record<string, AdminTask> = {
  'site show': (words) => {
    if (words.length > 0) throw new UsageError('site show takes nothing');
    return async ({ db, config }) => printSite(await readSettings(db, config));
  },
  'site set': changeSetting,
  'site claim': (words) => {
    if (words.length > 0) throw new UsageError('site claim takes nothing');
    return printClaim;
  },
  'users invite': invite,
};

async function readSettings(db: Database, config: Config): Promise<SiteSettings> {
  const settings = new SiteSettings(db, config);
  await settings.refresh();
  return settings;
}

function printSite({ current }: SiteSettings): void {
  const form = siteFormOf(current);
  for (const field of FIELDS) console.info(`${field}: ${form[field] || 'none'}`);
}

function changeSetting([name = '', ...words]: string[]): Task {
  const field = FIELDS.find((known) => known === name);
  if (!field) throw new UsageError(`site set takes ${FIELDS.join(', ')}, and a value`);
  const value = words.join(' ');
  return async ({ db, config }) => {
    const settings = await readSettings(db, config);
    const form: SiteForm = { ...siteFormOf(settings.current), [field]: value };
    const read = readSite(form, settings.current);
    if ('errors' in read) throw new Error(Object.values(read.errors).join(' '));
    await db.transaction().execute((trx) => changeSite(trx, 'operator', read.change));
    printSite(await readSettings(db, config));
  };
}

const printClaim: Task = async ({ db, config }) => {
  const token = await makeClaim(db);
  if (!token) throw new Error('the site has an admin already: users promote NAME makes another one');
  console.info(
    `${config.publicOrigin}/claim/${token}\nIt makes somebody the first admin, once, within 24 hours, until the next start.`,
  );
};

function invite(words: string[]): Task {
  const read = readNotes(onlyName(words));
  if ('error' in read) throw new UsageError(read.error);
  return async ({ db, config }) => {
    const seed = newSeed();
    const ids = await db.transaction().execute((trx) => inviteToSite(trx, 'operator', { ...read, seed }));
    for (const id of ids) console.info(invitationUrlOf(config, siteInvitationTokenOf(seed, id)));
    console.info(`It makes one account, within ${INVITATION_DAYS} days.`);
  };
}
