import type { Registration } from '../../schema.js';
import { readContact } from '../../site/contact.js';
import {
  contrastOf,
  isColor,
  LEAST_CONTRAST,
  readableColor,
  type Scheme,
  USUAL_COLORS,
} from '../../site/contrast.js';
import type { SiteValues } from '../../site/site-settings.js';
import { readLine } from '../admin-page.js';

/** The fields of the settings of the site. */
export const SITE_FIELDS = ['name', 'light', 'dark', 'contact', 'registration', 'topics'] as const;

/** What is typed into the form. */
export type SiteForm = Record<(typeof SITE_FIELDS)[number], string>;

/** What is wrong with each field. */
export type SiteErrors = Partial<SiteForm>;

/** What an admin sets. Null means the usual. */
export interface SiteChange {
  name: string | null;
  lightColor: string | null;
  darkColor: string | null;
  contact: string | null;
  registration: Registration;
  topicCreation: 'members' | 'admins';
}

const REGISTRATIONS: readonly Registration[] = ['anyone', 'invitation', 'approval', 'nobody'];

/** Fills the form with the settings as they are. */
export const siteFormOf = ({ name, colors, contact, registration, topicCreation }: SiteValues): SiteForm => ({
  ...{ name, contact: contact ?? '', registration, topics: topicCreation },
  ...{ light: colors?.light ?? USUAL_COLORS.light, dark: colors?.dark ?? USUAL_COLORS.dark },
});

/**
 * Reads the settings that somebody typed, or what is wrong with them.
 * @param current what is typed as it was before stays as it is stored, so that the environment's value still holds
 */
export function readSite(
  form: SiteForm,
  current: SiteValues,
): { errors: SiteErrors } | { change: Partial<SiteChange> } {
  const errors: SiteErrors = {};
  const name = readLine(form.name, 40);
  if (!name) errors.name = 'Write a name of 1 to 40 characters, on one line.';
  const contact = form.contact.trim() === '' ? null : readContact(form.contact);
  if (contact === undefined) errors.contact = 'Write an e-mail address, or the address of a page: https://…';
  const [light, dark] = [form.light.trim().toLowerCase(), form.dark.trim().toLowerCase()];
  for (const [scheme, color] of [
    ['light', light],
    ['dark', dark],
  ] as const) {
    const problem = problemOf(color, scheme);
    if (problem) errors[scheme] = problem;
  }
  const registration = REGISTRATIONS.find((choice) => choice === form.registration);
  if (!registration) errors.registration = 'Choose who may register.';
  const topicCreation = (['members', 'admins'] as const).find((choice) => choice === form.topics);
  if (!topicCreation) errors.topics = 'Choose who may make topics.';
  if (Object.keys(errors).length > 0 || !name || contact === undefined || !registration || !topicCreation)
    return { errors };
  const isUsual = light === USUAL_COLORS.light && dark === USUAL_COLORS.dark;
  const colors = isUsual ? { lightColor: null, darkColor: null } : { lightColor: light, darkColor: dark };
  const before = siteFormOf(current);
  return {
    change: {
      ...(name !== before.name && { name }),
      ...((light !== before.light || dark !== before.dark) && colors),
      ...((contact ?? '') !== before.contact && { contact }),
      ...(registration !== before.registration && { registration }),
      ...(topicCreation !== before.topics && { topicCreation }),
    },
  };
}

function problemOf(color: string, scheme: Scheme): string | undefined {
  if (!isColor(color)) return 'Write a colour as six digits: #4f39d8.';
  const contrast = contrastOf(color, scheme);
  if (contrast >= LEAST_CONTRAST) return undefined;
  // Rounded down, because 4.49 is not enough.
  const shown = (Math.floor(contrast * 10) / 10).toFixed(1);
  return (
    `On ${scheme} pages its contrast is ${shown}, and text needs ${LEAST_CONTRAST}. ` +
    `The most similar colour that people can read is ${readableColor(color, scheme)}.`
  );
}
