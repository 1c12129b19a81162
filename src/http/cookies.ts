import { parse } from 'cookie';
import type { CookieOptions, Request, Response } from 'express';

/** The cookies of this site, by what they are called over plain http. */
export type CookieName = 'thinga' | 'flash' | 'device' | 'guest';

/**
 * What a cookie is called in the browser. Over https its name starts with `__Host-`: browsers take such a cookie only
 * from this host itself, so that another host of the same domain cannot set it (RFC 6265bis, 4.1.3.2).
 */
export const cookieName = (name: CookieName, https: boolean): string => (https ? `__Host-${name}` : name);

/** What each cookie of this site is; no setting can take httpOnly or SameSite away. */
export const cookieOptions = (https: boolean) =>
  ({ httpOnly: true, sameSite: 'lax', secure: https, path: '/' }) as const;

/** What the browser keeps in a cookie; of two with the same name, what is in the first. */
export function readCookie(req: Request, name: CookieName): string | undefined {
  return parse(req.get('Cookie') ?? '')[cookieName(name, req.secure)];
}

/** Lets the browser keep a cookie, until it is closed unless `life` says for how long (milliseconds) or until when. */
export function setCookie(
  res: Response,
  name: CookieName,
  { value, ...life }: { value: string } & Pick<CookieOptions, 'maxAge' | 'expires'>,
): void {
  const https = res.req.secure;
  res.cookie(cookieName(name, https), value, { ...cookieOptions(https), ...life });
}

/** Lets the browser forget a cookie. */
export function clearCookie(res: Response, name: CookieName): void {
  const https = res.req.secure;
  res.clearCookie(cookieName(name, https), cookieOptions(https));
}
