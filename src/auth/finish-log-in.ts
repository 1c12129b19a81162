import type { Request, Response } from 'express';
import { flash } from '../http/flash.js';
import { seeOther } from '../http/page.js';
import { noteDevice } from './note-device.js';
import type { AuthServices } from './services.js';
import type { Account } from './users/users.js';

/**
 * Leads somebody who has just logged in to where they were going.
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
  await seeOther(res, next === '/' ? '/vote' : next);
}
