import { Router } from 'express';
import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import type { Database } from '../database.js';

/**
 * `/healthz`: the process lives. `/readyz`: its stores answer, so it may be sent visitors.
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
    const [database, sessions] = await Promise.all([
      answers(sql`select 1`.execute(db)),
      redis ? answers(redis.ping()) : true,
    ]);
    res.status(database && sessions ? 200 : 503);
    res.send(`database ${database ? 'ok' : 'away'}\nredis ${sessions ? 'ok' : 'away'}\n`);
  });
  return router;
}

const answers = (question: Promise<unknown>): Promise<boolean> =>
  question.then(
    () => true,
    () => false,
  );
