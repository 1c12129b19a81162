import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { RequestHandler, Response } from 'express';
import helmet from 'helmet';
import type { Config } from '../config.js';

/** Headers as pairs of name and value. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** Sets the same headers on every answer. */
export function sendHeaders(headers: Headers): RequestHandler {
  return (_req, res, next) => {
    setHeaders(res, headers);
    next();
  };
}

/** Sets these headers on one answer. */
export function setHeaders(res: ServerResponse, headers: Headers): void {
  for (const [name, value] of headers) res.setHeader(name, value);
}

declare global {
  namespace Express {
    interface Locals {
      /** The address of the page, or its text, is a secret, so no link on the page names the address. */
      isSecret?: boolean;
    }
  }
}

/** Sets the headers of a page whose address, or whose text, is a secret. */
export function keepSecret(res: Response): void {
  res.locals.isSecret = true;
  res.setHeader('Cache-Control', 'no-store');
  // No path in the Referer, and still an Origin with forms.
  res.setHeader('Referrer-Policy', 'strict-origin');
  res.setHeader('X-Robots-Tag', 'noindex');
}

/** The headers of a file that is no page: browsers trust its type, and other sites can't embed it. */
export const FILE_HEADERS: Headers = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
];

/** The headers of a picture. A browser can open an SVG as a page of its own, so nothing in it may run. */
export const PICTURE_HEADERS: Headers = [
  ...FILE_HEADERS,
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
];

/**
 * Returns the security headers of every answer except styles, scripts, fonts and pictures. Pages load from and post
 * to this site only, nothing may frame them, and only the site's own files run as scripts (docs/security.md, rule
 * 48). Helmet would compute the same headers for every request, so it runs once.
 */
export function securityHeaders(config: Config): Headers {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  const secure = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: config.publicOrigin.startsWith('https:')
      ? { maxAge: 2 * 365 * 24 * 3600, includeSubDomains: false }
      : false,
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  secure(res.req, res, () => undefined);
  res.setHeader(
    'Permissions-Policy',
    'camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()',
  );
  return Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]);
}
