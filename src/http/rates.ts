import { type RequestHandler, Router } from 'express';
import type { Redis } from 'ioredis';
import { type Allowance, createLimiter, spend } from './limit.js';

/**
 * How often things may be done by one person or from one network: far more often than anyone does them by hand.
 * Whoever goes beyond reads when to try again, and nothing of theirs is lost.
 * @param factor how many times that a person may do them; a network has a factor of its own
 */
export function limitRates(redis: Redis | undefined, prefix: string, factor: number): Router {
  const limit = (allowance: Allowance, { byNetwork = false } = {}): RequestHandler => {
    const limiter = createLimiter(redis, prefix, allowance);
    return async (_req, res, next) => {
      const { user, network } = res.locals;
      if (user && !byNetwork) await spend(limiter, `person:${user.id}`, factor);
      else await spend(limiter, `network:${network.key}`, network.factor);
      next();
    };
  };
  const router = Router();
  // Each registration makes somebody else of whoever registers.
  router.post('/register', limit({ name: 'register', points: 30, duration: 3600 }, { byNetwork: true }));
  router.post(
    ['/vote', '/vote/undo', '/topics/:slug/vote'],
    limit({ name: 'vote', points: 240, duration: 60 }),
  );
  router.get('/profile/export', limit({ name: 'export', points: 20, duration: 3600 }));
  router.get('/topics/:slug/data.json', limit({ name: 'data', points: 20, duration: 3600 }));
  router.get(['/profile', '/profile/*page'], limit({ name: 'own', points: 240, duration: 60 }));
  router.post('/profile/votes/:ballotId/change', limit({ name: 'change', points: 60, duration: 3600 }));
  router.post('/profile/topics/:slug/share', limit({ name: 'share', points: 30, duration: 3600 }));
  router.get('/shared/:token', limit({ name: 'shared', points: 120, duration: 60 }));
  return router;
}
