import type { Database } from '../database.js';
import type { SiteSettings } from '../site/site-settings.js';
import { findSiteInvitation } from './users/site-invitations.js';

/** How a visitor may register, if at all. */
type Admission = 'open' | 'after approval' | 'by invitation' | 'closed';

/**
 * Decides how a visitor may register. A valid invitation opens every site.
 * @param invitation the token of the link that the visitor opened; empty without one
 */
export async function admissionOf(
  { db, settings }: { db: Database; settings: SiteSettings },
  invitation: string,
): Promise<Admission> {
  const { registration } = settings.current;
  if (registration === 'anyone' && invitation === '') return 'open';
  if (invitation !== '' && (await findSiteInvitation(db, invitation))) return 'open';
  if (registration === 'approval') return 'after approval';
  if (registration === 'nobody') return 'closed';
  return registration === 'invitation' ? 'by invitation' : 'open';
}
