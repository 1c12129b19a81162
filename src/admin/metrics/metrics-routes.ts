import { createHash, timingSafeEqual } from 'node:crypto';
import { Router } from 'express';
import { METRICS_TYPE, processMetrics, startMetrics } from '../../metrics.js';
import { type MetricSources, siteMetrics } from './site-metrics.js';

/**
 * Serves what the site measures of itself, to those who have the token. No label holds anything of a person.
 * @param token goes into the header as `Authorization: Bearer TOKEN`
 */
export function metricsRoutes(token: string, sources: MetricSources): Router {
  startMetrics();
  const router = Router();
  const expected = digest(`Bearer ${token}`);
  router.get('/metrics', async (req, res) => {
    res.setHeader('Cache-Control', 'no-store');
    // Digests have one length, so the comparison takes the same time for every token.
    if (!timingSafeEqual(digest(req.get('Authorization') ?? ''), expected)) {
      res.status(401).setHeader('WWW-Authenticate', 'Bearer').type('text').send('This needs the token.\n');
      return;
    }
    const [ofProcesses, ofSite] = await Promise.all([processMetrics(), siteMetrics(sources)]);
    res.setHeader('Content-Type', METRICS_TYPE).end(`${ofProcesses}\n${ofSite}`);
  });
  return router;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
