import { Router } from 'express';
import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Redis } from '../redis.js';

/**
 * Serves two checks. `/healthz` answers while the process runs. `/readyz` answers 200 while the stores answer
 * too, so a proxy may send visitors.
 * @param stopping once it is aborted, `/readyz` answers 503, so that a proxy sends no more visitors
 */
export function healthRoutes(db: Database, redis: Redis | undefined, stopping?: AbortSignal): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => {
    res.setHeader('Cache-Control', 'no-store').type('text').send('ok\n');
  });
  router.get('/readyz', async (_req, res) => {
    res.setHeader('Cache-Control', 'no-store').type('text');
    if (stopping?.aborted) {
      res.status(503).send('stopping\n');
      return;
    }
    const [isDatabaseUp, isRedisUp] = await Promise.all([
      succeeds(sql`select 1`.execute(db)),
      redis ? succeeds(redis.ping()) : true,
    ]);
    res.status(isDatabaseUp && isRedisUp ? 200 : 503);
    res.send(`database ${isDatabaseUp ? 'ok' : 'away'}\nredis ${isRedisUp ? 'ok' : 'away'}\n`);
  });
  return router;
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );
