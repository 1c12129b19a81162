import type { Request, Response } from 'express';
import { unlessUnavailable } from '../database.js';
import { flash } from '../http/flash.js';
import { noteDevice } from './note-device.js';
import { makeMissingRecoveryCode } from './recovery/recovery-code.js';
import { showRecoveryCode } from './recovery-routes.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import type { Account } from './users/users.js';

/**
 * Leads somebody who has just logged in to where they were going. Who has no recovery code gets one first: an account
 * that waited for approval, or whose first log-in failed, or that is from before the codes.
 * @param next the path; the pair in place of the front page
 */
export async function finishLogIn(
  services: AuthServices,
  { req, res }: { req: Request; res: Response },
  { account, next }: { account: Account; next: string },
): Promise<void> {
  noteDevice(services, res, account);
  const message = await services.onSignIn(req, res, { userId: account.userId, isNew: false });
  flash(res, message ?? 'logged-in');
  const path = next === '/' ? '/vote' : next;
  const owner = { userId: account.userId, client: readClient(req) };
  // The log-in stands while Postgres is unavailable. Then the next one makes the code.
  const code = await unlessUnavailable(undefined, () => makeMissingRecoveryCode(services.db, owner));
  await showRecoveryCode(res, code, path);
}
