import type { Config } from '../config.js';

/** How to reach the people who run the site. */
export interface Contact {
  text: string;
  href: string;
}

/** The contact from the settings; undefined when there is none. */
export function contactOf({ contact: text }: Config): Contact | undefined {
  return text === undefined ? undefined : { text, href: text.includes('://') ? text : `mailto:${text}` };
}
