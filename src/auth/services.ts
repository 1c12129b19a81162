import type { Request, Response } from 'express';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Flash } from '../http/flash.js';
import type { SiteSettings } from '../site/site-settings.js';
import type { AccountMail } from './email/account-mail.js';
import type { Passwords } from './passwords/passwords.js';
import type { PendingRevocations } from './sessions/pending-revocations.js';
import type { SessionStore } from './sessions/session-store.js';
import type { Sudo } from './sessions/sudo.js';
import type { Throttle } from './sessions/throttle.js';
import type { SignUpLimit } from './users/sign-up-limit.js';

/** The services behind the pages about accounts and sessions. */
export interface AuthServices {
  db: Database;
  config: Config;
  settings: SiteSettings;
  passwords: Passwords;
  store: SessionStore;
  throttle: Throttle;
  /** Counts wrong recovery codes. */
  recoveryThrottle: Throttle;
  /** Undefined when the settings switch rate limits off. */
  signUpLimit: SignUpLimit | undefined;
  sudo: Sudo;
  /** Undefined where the site sends no mail. */
  mail: AccountMail | undefined;
  pendingRevocations: PendingRevocations;
  /**
   * A hook for the folders above. It is called after a user has logged in or registered.
   * @returns the message for the next page; undefined for the usual one
   */
  onSignIn(req: Request, res: Response, user: { userId: number; isNew: boolean }): Promise<Flash | undefined>;
}
