import type { Request, Response } from 'express';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Flash } from '../http/flash.js';
import type { Passwords } from './passwords/passwords.js';
import type { PendingRevocations } from './sessions/pending-revocations.js';
import type { RecordedStore } from './sessions/store.js';
import type { Sudo } from './sessions/sudo.js';
import type { Throttle } from './sessions/throttle.js';

/** What the pages about accounts and sessions work with. */
export interface AuthServices {
  db: Database;
  config: Config;
  passwords: Passwords;
  store: RecordedStore;
  throttle: Throttle;
  sudo: Sudo;
  pendingRevocations: PendingRevocations;
  /**
   * What else is done for somebody who has logged in or registered just now, in rooms above this one.
   * @returns what the next page says of it, if there is something to say
   */
  onSignIn(req: Request, res: Response, who: { userId: number; isNew: boolean }): Promise<Flash | undefined>;
}
