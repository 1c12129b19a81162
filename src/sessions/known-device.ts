import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '../config.js';

const YEAR_MS = 365 * 24 * 3600 * 1000;

/**
 * The device a request comes from, if the account of this name has logged in on it before: a random name of it
 * that nobody can make up.
 */
export function knownDevice(req: Request, username: string, config: Config): string | undefined {
  const cookie = new RegExp(`(?:^|;\\s*)${cookieName(config)}=([\\w-]{22})\\.([\\w-]{43})`).exec(
    req.get('Cookie') ?? '',
  );
  const [, device = '', signature = ''] = cookie ?? [];
  const genuine = config.secrets.some((secret) =>
    timingSafeEqual(Buffer.from(sign(device, username, secret)), Buffer.from(signature.padEnd(43, '-'))),
  );
  return cookie && genuine ? device : undefined;
}

/** Lets this device be known as one on which the account has logged in. It outlives the session, and opens nothing. */
export function rememberDevice(res: Response, username: string, config: Config): void {
  const device = randomBytes(16).toString('base64url');
  const secure = config.publicOrigin.startsWith('https:');
  res.cookie(cookieName(config), `${device}.${sign(device, username, config.secrets[0])}`, {
    httpOnly: true,
    sameSite: 'lax',
    secure,
    path: '/',
    maxAge: YEAR_MS,
  });
}

function sign(device: string, username: string, secret: string): string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'thinga known device 1', 32));
  const name = username.normalize('NFKC').trim().toLowerCase();
  return createHmac('sha256', key).update(`${device}\n${name}`).digest('base64url');
}

function cookieName(config: Config): string {
  return config.publicOrigin.startsWith('https:') ? '__Host-device' : 'device';
}
