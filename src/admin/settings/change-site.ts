import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import { type Actor, recordAct } from '../record-act.js';
import type { SiteChange } from './site-form.js';

/** The words for what changed, in the record. */
const WORDS: Record<keyof SiteChange | 'logo', string> = {
  name: 'name',
  lightColor: 'colour on light pages',
  darkColor: 'colour on dark pages',
  contact: 'contact',
  registration: 'who may register',
  topicCreation: 'who may make topics',
  logo: 'logo',
};

/** Changes the settings of the site, as far as they differ. */
export async function changeSite(
  trx: Transaction,
  actor: Actor,
  change: Partial<SiteChange> & { logo?: string | null },
): Promise<void> {
  const before = await trx.selectFrom('siteSettings').selectAll().forUpdate().executeTakeFirstOrThrow();
  const changed = (Object.keys(change) as (keyof typeof WORDS)[]).filter(
    (field) => change[field] !== before[field],
  );
  if (changed.length === 0) return;
  await trx
    .updateTable('siteSettings')
    .set({ ...change, version: sql<number>`version + 1` })
    .execute();
  await recordAct(trx, actor, {
    ...{ kind: 'admin-settings', note: changed.map((field) => WORDS[field]).join(', ') },
  });
}
