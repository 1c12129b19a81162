import { Router } from 'express';

/** A part that must work before a proxy may send visitors. */
export interface ReadinessCheck {
  name: string;
  /** Returns `ok`, or a few words about what is wrong. */
  check(): Promise<string>;
}

/**
 * Serves two checks. `/healthz` answers while the process runs. `/readyz` answers 200 while all parts work, so a proxy
 * may send visitors. It has a line for each part.
 * @param stopping once it is aborted, `/readyz` answers 503, so that a proxy sends no more visitors
 */
export function healthRoutes(checks: ReadinessCheck[], stopping?: AbortSignal): Router {
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
    const states = await Promise.all(checks.map(({ check }) => check().catch(() => 'can’t be checked')));
    res.status(states.every((state) => state === 'ok') ? 200 : 503);
    res.send(checks.map(({ name }, index) => `${name} ${states[index]}\n`).join(''));
  });
  return router;
}
