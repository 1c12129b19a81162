import { parse } from 'cookie';
import type { CookieOptions, Request, Response } from 'express';

/** The cookies of this site, by their names over plain http. */
type CookieName = 'thinga' | 'flash' | 'device' | 'guest' | 'links' | 'recovery';

/**
 * Returns the name of a cookie in the browser. Over https it starts with `__Host-`. Browsers accept such a
 * cookie only from this host, so another host of the same domain cannot set it (RFC 6265bis, 4.1.3.2).
 */
export const cookieName = (name: CookieName, https: boolean): string => (https ? `__Host-${name}` : name);

/** The options of each cookie of this site. No setting can remove httpOnly or SameSite. */
export const cookieOptions = (https: boolean) =>
  ({ httpOnly: true, sameSite: 'lax', secure: https, path: '/' }) as const;

/** Returns the value of a cookie. When two cookies have the same name, the first one counts. */
export function readCookie(req: Request, name: CookieName): string | undefined {
  return parse(req.get('Cookie') ?? '')[cookieName(name, req.secure)];
}

/** Sets a cookie. It lasts until the browser closes, or for `maxAge` (milliseconds), or until `expires`. */
export function setCookie(
  res: Response,
  name: CookieName,
  { value, ...lifetime }: { value: string } & Pick<CookieOptions, 'maxAge' | 'expires'>,
): void {
  const https = res.req.secure;
  res.cookie(cookieName(name, https), value, { ...cookieOptions(https), ...lifetime });
}

/** Removes a cookie from the browser. */
export function clearCookie(res: Response, name: CookieName): void {
  const https = res.req.secure;
  res.clearCookie(cookieName(name, https), cookieOptions(https));
}
