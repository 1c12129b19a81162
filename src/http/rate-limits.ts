import { type RequestHandler, Router } from 'express';
import type { Redis } from '../redis.js';
import { CROWD_FACTOR } from './network.js';
import { consume, createLimiter, type RateLimit } from './rate-limiter.js';

/** What the limits need. */
interface RateLimitOptions {
  redis: Redis | undefined;
  prefix: string;
  factor: number;
  isForRoom(slug: string): boolean;
}

/**
 * Limits how often one user or one network may do things: far more often than anyone does them by hand. The
 * refusal says when to try again, and the visitor loses nothing. Signing up has a limit of its own (`SignUpLimit`).
 * @param options `prefix` begins the keys in Redis. `factor` multiplies a user's limits; a network has a factor of its own.
 * `isForRoom` tells of a topic by its slug whether its guests may sit in one room, behind one address.
 */
export function limitRates({ redis, prefix, factor, isForRoom }: RateLimitOptions): Router {
  const limit = (rateLimit: RateLimit): RequestHandler => {
    const limiter = createLimiter(redis, prefix, rateLimit);
    return async (req, res, next) => {
      const { user, network } = res.locals;
      const slug = String(req.params.slug);
      if (user) await consume(limiter, `person:${user.id}`, factor);
      else if (isForRoom(slug))
        await consume(limiter, `room:${network.key}:${slug}`, network.factor * CROWD_FACTOR);
      else await consume(limiter, `network:${network.key}`, network.factor);
      next();
    };
  };
  const router = Router();
  router.post(
    ['/vote', '/vote/undo', '/topics/:slug/vote'],
    limit({ name: 'vote', points: 240, duration: 60 }),
  );
  router.post(
    ['/topics/:slug/suggest', '/topics/:slug/flag/:id'],
    limit({ name: 'suggest', points: 20, duration: 3600 }),
  );
  router.post(
    ['/topics/new', '/topics/:slug/manage', '/topics/:slug/manage/*page'],
    limit({ name: 'organize', points: 120, duration: 60 }),
  );
  router.post(
    ['/login/passkey/options', '/profile/passkeys/options', '/profile/passkeys/confirm-options'],
    limit({ name: 'passkey', points: 60, duration: 60 }),
  );
  router.get('/profile/export', limit({ name: 'export', points: 20, duration: 3600 }));
  router.get('/topics/:slug/data.json', limit({ name: 'data', points: 20, duration: 3600 }));
  router.get(['/profile', '/profile/*page'], limit({ name: 'own', points: 240, duration: 60 }));
  router.post('/profile/votes/:ballotId/change', limit({ name: 'change', points: 60, duration: 3600 }));
  router.post('/profile/topics/:slug/share', limit({ name: 'share', points: 30, duration: 3600 }));
  router.post(
    ['/topics/:slug/manage/pictures', '/topics/:slug/manage/things/:id/picture'],
    limit({ name: 'picture', points: 1_000, duration: 3600 }),
  );
  router.get('/shared/:token', limit({ name: 'shared', points: 120, duration: 60 }));
  return router;
}
