import type { Request, RequestHandler } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Problem } from './problem.js';

/**
 * Refuses requests that change something unless this site's own pages sent them: `Sec-Fetch-Site` says so, or,
 * where a browser does not send it (plain http away from localhost), an `Origin` equal to the public one.
 * With neither the answer is no. (Go's CrossOriginProtection; OWASP CSRF Prevention Cheat Sheet)
 * @param onRefused records it, twenty times an hour and network at most
 */
export function refuseCrossSite(
  publicOrigin: string,
  onRefused: (req: Request) => Promise<void>,
): RequestHandler {
  // Recorded now and then: nobody is to fill the record from outside.
  const recorded = new RateLimiterMemory({ points: 20, duration: 3600 });
  return async (req, res, next) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(req.method)) return next();
    const site = req.get('Sec-Fetch-Site');
    const own = site ? site === 'same-origin' || site === 'none' : req.get('Origin') === publicOrigin;
    if (own) return next();
    await recorded.consume(res.locals.network.key).then(
      () => onRefused(req).catch(() => undefined),
      () => undefined,
    );
    next(
      new Problem(
        403,
        'This came from another site',
        'Nothing was changed. Go back to Thinga and try again.',
      ),
    );
  };
}
