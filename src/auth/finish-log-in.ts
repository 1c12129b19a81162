import type { Request, Response } from 'express';
import { flash } from '../http/flash.js';
import { noteDevice } from './note-device.js';
import { makeMissingRecoveryCode, unlessUnavailable } from './recovery/recovery-code.js';
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
  await showRecoveryCode(res, await unlessUnavailable(makeMissingRecoveryCode(services.db, owner)), path);
}
