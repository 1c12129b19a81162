import { performance } from 'node:perf_hooks';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { shedRequests } from '../metrics.js';
import { asProblemDocument, wantsData } from './errors.js';
import type { Headers } from './headers.js';
import { HTML, renderPage, wantsFragment } from './page.js';
import { TemporaryProblem } from './problem.js';

const SAMPLE_MS = 250;
// Many requests that come at once, after a short pause, must not all be taken.
const STAYS_BUSY_MS = 2_000;
const WARN_EVERY_MS = 10_000;
// Programs that send again at once would else take the time of everyone by their refusals alone.
const REFUSE_AFTER_MS = 250;
const RETRY_AFTER_S = { least: 2, most: 6 };

/**
 * Refuses requests with 503 while the process is overloaded: its event loop is busy nearly all the time, and it works
 * on as many requests as it may. So those that it takes stay quick. What comes before this step is never refused:
 * health checks, files, and pages that are ready.
 * @param headers that every answer has
 */
export function shedLoad(
  { maxOpenRequests, busyUtilization }: Pick<Config, 'maxOpenRequests' | 'busyUtilization'>,
  headers: Headers,
  log: Logger,
): RequestHandler {
  const isBusy = watchEventLoop(busyUtilization);
  const refuse = refuseQuickly(headers);
  const open = new Set<Request>();
  // Nothing is done for a form that has not arrived as a whole, and slow senders must not take the place of others.
  const hasRoom = (): boolean =>
    open.size < maxOpenRequests || [...open].filter((req) => req.complete).length < maxOpenRequests;
  let warnedAt = Number.NEGATIVE_INFINITY;
  return (req, res, next) => {
    // Asked first, because it takes a sample each time.
    if (!isBusy() || hasRoom()) {
      open.add(req);
      res.once('close', () => open.delete(req));
      return next();
    }
    shedRequests.inc();
    if (performance.now() - warnedAt > WARN_EVERY_MS) {
      warnedAt = performance.now();
      log.warn({ openRequests: open.size }, 'the process is overloaded and refuses requests');
    }
    setTimeout(() => refuse(req, res), REFUSE_AFTER_MS);
  };
}

/**
 * Returns a function that tells whether the event loop was busy within the last two seconds. It takes the samples.
 * @param share of a quarter of a second, from which on the loop counts as busy
 */
function watchEventLoop(share: number): () => boolean {
  let before = performance.eventLoopUtilization();
  let sampledAt = performance.now();
  let busyUntil = share > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - sampledAt >= SAMPLE_MS) {
      const current = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(current, before);
      if (utilization >= share) busyUntil = Math.max(busyUntil, now + STAYS_BUSY_MS);
      before = current;
      sampledAt = now;
    }
    return now < busyUntil;
  };
}

const REQUEST_ID = '{REQUEST-ID}';

/** Answers with texts that are rendered once. Rendering takes as long as a page, and there is no time for it. */
function refuseQuickly(headers: Headers): (req: Request, res: Response) => void {
  // What every page shows is a new object when it changes.
  const textsOfSite = new WeakMap<object, Map<string, string>>();
  const always = headers.flat();
  return (req, res) => {
    const { site } = res.app.locals;
    const texts = textsOfSite.get(site) ?? new Map<string, string>();
    textsOfSite.set(site, texts);
    const isRead = req.method === 'GET' || req.method === 'HEAD';
    const kind = wantsData(req) ? 'data' : wantsFragment(res) ? 'fragment' : 'page';
    const key = `${kind} ${isRead}`;
    const text = texts.get(key) ?? render(res, kind, isRead);
    texts.set(key, text);
    const { least, most } = RETRY_AFTER_S;
    const body = Buffer.from(text.replace(REQUEST_ID, res.locals.requestId));
    res.writeHead(503, [
      ...always,
      // Not all come back at the same moment.
      ...['Retry-After', String(least + Math.floor(Math.random() * (most - least + 1)))],
      ...['Content-Type', kind === 'data' ? 'application/problem+json' : HTML],
      ...['Cache-Control', 'no-store', 'Content-Length', String(body.length)],
      ...(kind === 'fragment' ? ['HX-Retarget', '#notice', 'HX-Reswap', 'innerHTML'] : []),
    ]);
    res.end(req.method === 'HEAD' ? undefined : body);
  };
}

function render(res: Response, kind: 'data' | 'fragment' | 'page', isRead: boolean): string {
  const problem = new TemporaryProblem({
    status: 503,
    title: isRead ? 'Very many people are here' : 'Very many people are here, so nothing was saved',
    message: isRead
      ? 'We can’t show this page at the moment. Load it again in a few seconds.'
      : 'If this was a vote, it didn’t count. Go back and send it again in a few seconds.',
    retryAfter: RETRY_AFTER_S.most,
  });
  if (kind === 'data') return JSON.stringify(asProblemDocument(problem, REQUEST_ID));
  const template = kind === 'fragment' ? 'errors/_problem' : 'errors/problem';
  // The page is for everyone, so it has no path of its own.
  return renderPage(res, template, { problem, requestId: REQUEST_ID, here: '/' });
}
