import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '../../config.js';
import { readCookie, setCookie } from '../../http/cookies.js';

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** Whom a device is known to: a person for as long as they keep their password. */
interface Account {
  userId?: number | undefined;
  passwordHash?: string | undefined;
}

/**
 * The device a request comes from, if this account has logged in on it before with the password that it has now: a
 * random name of it that nobody can make up.
 */
export function knownDevice(req: Request, account: Account, config: Config): string | undefined {
  const cookie = /^([\w-]{22})\.([\w-]{43})$/.exec(readCookie(req, 'device') ?? '');
  const [, device = '', signature = ''] = cookie ?? [];
  const genuine = config.secrets.some((secret) =>
    timingSafeEqual(Buffer.from(sign(device, account, secret)), Buffer.from(signature.padEnd(43, '-'))),
  );
  return cookie && genuine && account.userId !== undefined ? device : undefined;
}

/**
 * Lets this device be known as one on which the account has logged in. That outlives the session, and ends with the
 * password and the account: it opens nothing, but whoever has it may guess where strangers have to wait.
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
