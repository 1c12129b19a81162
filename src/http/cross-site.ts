import type { Request, RequestHandler } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Problem } from './problem.js';

/**
 * Refuses a request that changes something unless a page of this site sent it. `Sec-Fetch-Site` says so.
 * Browsers leave this header out over plain http away from localhost; then the `Origin` must equal the public
 * one. A request with neither header is refused. (Go's CrossOriginProtection; OWASP CSRF Prevention Cheat
 * Sheet)
 * @param onRefused records the refusal, at most twenty times an hour for each network
 */
export function refuseCrossSite(
  publicOrigin: string,
  onRefused: (req: Request) => Promise<void>,
): RequestHandler {
  // Limited, so that an attacker cannot fill the record.
  const recordLimiter = new RateLimiterMemory({ points: 20, duration: 3600 });
  return async (req, res, next) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(req.method) || isSameOrigin(req, publicOrigin)) return next();
    await recordLimiter.consume(res.locals.network.key).then(
      () => onRefused(req).catch(() => undefined),
      () => undefined,
    );
    next(
      new Problem(
        403,
        'This came from another site',
        'Nothing was changed. Go back to the page before and try again.',
      ),
    );
  };
}

function isSameOrigin(req: Request, publicOrigin: string): boolean {
  const site = req.get('Sec-Fetch-Site');
  return site ? site === 'same-origin' || site === 'none' : req.get('Origin') === publicOrigin;
}
