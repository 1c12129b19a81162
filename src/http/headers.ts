import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Config } from '../config.js';

/** Names and values of headers. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** Sends the same headers with every answer. */
export function sendHeaders(headers: Headers): RequestHandler {
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}

/**
 * The security headers of every answer: nothing is loaded, framed or posted to but this site, and no script
 * runs that is not one of its files (security.md, A48). Helmet works them out anew for every request, and they are
 * always the same, so it is asked once.
 */
export function securityHeaders(config: Config): Headers {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  const guard = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
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
  guard(res.req, res, () => undefined);
  res.setHeader(
    'Permissions-Policy',
    'camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()',
  );
  return Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]);
}
