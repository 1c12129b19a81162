import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Registration } from '../schema.js';

/** What admins set for the whole site, with the usual where they set nothing. */
export interface SiteValues {
  /** Its name, 1 to 40 characters. */
  name: string;
  /** What can be pressed, on light pages and on dark ones, as `#4f39d8`; undefined for the usual violet. */
  colors: { light: string; dark: string } | undefined;
  /** An uploaded picture, as a thing names it; undefined for the usual sign. */
  logo: string | undefined;
  /** How to reach the people who run the site: an e-mail address, or the address of a page. */
  contact: string | undefined;
  registration: Registration;
  /** Who may make topics: everyone who is logged in, or admins only. */
  topicCreation: 'members' | 'admins';
}

/** The values that come from the environment. They hold until an admin sets others. */
type Defaults = Pick<Config, 'contact' | 'topicCreation'>;

/**
 * The settings of the site, in memory. Every page shows some of them, so none may cost a statement. Other processes see
 * a change within two seconds.
 */
export class SiteSettings {
  readonly #db: Database;
  readonly #defaults: Defaults;
  readonly #listeners: (() => void)[] = [];
  #version = 0;
  #current: SiteValues;

  constructor(db: Database, defaults: Defaults) {
    this.#db = db;
    this.#defaults = defaults;
    this.#current = valuesOf({}, defaults);
  }

  /** The settings as they were read last. */
  get current(): SiteValues {
    return this.#current;
  }

  /** Calls a function after each change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the settings again. */
  async refresh(): Promise<void> {
    const row = await this.#db.selectFrom('siteSettings').selectAll().executeTakeFirstOrThrow();
    if (row.version === this.#version) return;
    this.#version = row.version;
    this.#current = valuesOf(row, this.#defaults);
    for (const listener of this.#listeners) listener();
  }
}

interface StoredValues {
  name?: string | null;
  lightColor?: string | null;
  darkColor?: string | null;
  logo?: string | null;
  contact?: string | null;
  registration?: Registration | null;
  topicCreation?: 'members' | 'admins' | null;
}

const valuesOf = (row: StoredValues, defaults: Defaults): SiteValues => ({
  name: row.name ?? 'Thinga',
  colors: row.lightColor && row.darkColor ? { light: row.lightColor, dark: row.darkColor } : undefined,
  logo: row.logo ?? undefined,
  contact: row.contact ?? defaults.contact,
  registration: row.registration ?? 'anyone',
  topicCreation: row.topicCreation ?? defaults.topicCreation,
});
