import type { Response } from 'express';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { knownDevice, rememberDevice } from './sessions/device-cookie.js';
import type { Account } from './users/users.js';

/** Remembers the device of a log-in. If it was not known, the owner of the account gets a mail, where they want one. */
export function noteDevice({ config, mail }: AuthServices, res: Response, account: Account): void {
  if (!knownDevice(res.req, account, config)) mail?.noticeNewDevice(account.userId, readClient(res.req));
  rememberDevice(res, account, config);
}
