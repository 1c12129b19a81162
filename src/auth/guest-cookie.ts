import { hkdfSync } from 'node:crypto';
import { sign, unsign } from 'cookie-signature';
import type { Request, Response } from 'express';
import type { Config } from '../config.js';
import { readCookie, setCookie } from '../http/cookies.js';

/** How many days after the last vote a guest's votes are deleted. The cookie lasts as long. */
export const GUEST_LIFETIME_DAYS = 30;
const DAY_MS = 24 * 3_600_000;

/**
 * Reads the guest's id from the cookie.
 * @returns undefined without a cookie, or when this site did not sign it; `guestExists` tells whether the
 * guest still exists
 */
export function readGuest(req: Request, config: Config): number | undefined {
  const value = readCookie(req, 'guest');
  if (value === undefined) return undefined;
  for (const secret of config.secrets) {
    const id = Number(unsign(value, keyOf(secret)));
    if (Number.isSafeInteger(id) && id > 0) return id;
  }
  return undefined;
}

/** Sets the cookie that names the guest, for as long as their votes are kept. */
export function rememberGuest(res: Response, id: number, config: Config): void {
  const value = sign(String(id), keyOf(config.secrets[0]));
  setCookie(res, 'guest', { value, maxAge: GUEST_LIFETIME_DAYS * DAY_MS });
}

// Derived once: to derive a key takes longer than to check a signature.
const keys = new Map<string, string>();

function keyOf(secret: string): string {
  const key =
    keys.get(secret) ??
    Buffer.from(hkdfSync('sha256', secret, '', 'thinga guest 2', 32)).toString('base64url');
  keys.set(secret, key);
  return key;
}
