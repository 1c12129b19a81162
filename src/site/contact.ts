import { isContact } from '../setting-values.js';
import type { SiteValues } from './site-settings.js';

/** How to reach the people who run the site, as a link. */
export interface Contact {
  href: string;
  text: string;
}

/** Makes a link of the contact; undefined when there is none. */
export const contactOf = ({ contact: text }: Pick<SiteValues, 'contact'>): Contact | undefined =>
  text === undefined ? undefined : { text, href: text.includes('://') ? text : `mailto:${text}` };

/** Reads an e-mail address or the address of a page; undefined when the text is neither, or has more than 200 characters. */
export function readContact(text: string): string | undefined {
  const contact = text.trim();
  return contact.length <= 200 && isContact(contact) ? contact : undefined;
}
