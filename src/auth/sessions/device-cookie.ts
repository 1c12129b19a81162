import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '../../config.js';
import { readCookie, setCookie } from '../../http/cookies.js';

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** The account that a device cookie is for. A new password makes the cookie invalid. */
interface Account {
  userId?: number | undefined;
  passwordHash?: string | undefined;
}

/**
 * The random id of the device that sends a request. Undefined unless this account has logged in on the device
 * before, with the password that it has now. The id is signed, so nobody can invent one.
 */
export function knownDevice(req: Request, account: Account, config: Config): string | undefined {
  const cookie = /^([\w-]{22})\.([\w-]{43})$/.exec(readCookie(req, 'device') ?? '');
  const [, device = '', signature = ''] = cookie ?? [];
  const isValid = config.secrets.some((secret) =>
    timingSafeEqual(Buffer.from(sign(device, account, secret)), Buffer.from(signature.padEnd(43, '-'))),
  );
  return cookie && isValid && account.userId !== undefined ? device : undefined;
}

/**
 * Marks this device as one on which the account has logged in. The mark outlives the session; it ends with
 * the password and with the account. It lets nobody in, but its holder may try passwords when strangers have
 * to wait.
 */
export function rememberDevice(res: Response, account: Account, config: Config): void {
  const device = randomBytes(16).toString('base64url');
  const value = `${device}.${sign(device, account, config.secrets[0])}`;
  setCookie(res, 'device', { value, maxAge: YEAR_MS });
}

function sign(device: string, { userId, passwordHash }: Account, secret: string): string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'thinga known device 2', 32));
  return createHmac('sha256', key).update(`${device}\n${userId}\n${passwordHash}`).digest('base64url');
}
