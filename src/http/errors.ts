import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { isDatabaseUnavailable } from '../database.js';
import { sendPageOrFragment, wantsFragment } from './page.js';
import { notFound, Problem, StoreUnavailableProblem } from './problem.js';
import { loggedPath } from './request-log.js';

/** Answers 404. It stands after all routes. @throws Problem 404 */
export const answerNotFound: RequestHandler = () => {
  throw notFound();
};

/** Answers a method that a route does not have. It stands at the route's end. @throws Problem 405 */
export const methodNotAllowed: RequestHandler = (req, res) => {
  const route = req.route as { methods: Record<string, boolean> };
  const known = Object.keys(route.methods).filter((method) => method !== '_all');
  const methods = known.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : method.toUpperCase()));
  res.setHeader('Allow', methods.join(', '));
  throw new Problem(405, 'You can’t open this page directly', 'Go back, or start from the front page.');
};

/** Tells the visitor what went wrong in plain words, on a page or as JSON. Details go to the log only. */
export function answerErrors(log: Logger): ErrorRequestHandler {
  // biome-ignore lint/complexity/useMaxParams: Express tells an error handler by its four parameters.
  return (error: unknown, req, res, next) => {
    // The request log already says that this answer was cut.
    if (isAbortedByVisitor(error, res)) return;
    const problem = asProblem(error);
    const { requestId } = res.locals;
    if (problem.status >= 500) logFailure(log, { error, problem, req, id: requestId });
    if (res.headersSent) return next(error);
    res.status(problem.status);
    if (problem.retryAfter) res.setHeader('Retry-After', String(problem.retryAfter));
    // The route may have set the ETag of what it could not show.
    res.removeHeader('ETag');
    res.vary('Accept');
    // With the id, the people who run the site find what the log has of it.
    const shownId = problem.status >= 500 ? requestId : undefined;
    if (wantsData(req)) return sendProblemDocument(res, asProblemDocument(problem, shownId));
    if (wantsFragment(res)) showInNotice(res);
    sendPageOrFragment(res, {
      page: 'errors/problem',
      fragment: 'errors/_problem',
      data: { problem, requestId: shownId },
    });
  };
}

// A visitor who stops a download causes this code. A fault of the site has another one.
function isAbortedByVisitor(error: unknown, res: Response): boolean {
  return (
    res.closed && error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
  );
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const status = httpStatus(error);
  if (status === 413)
    return new Problem(
      413,
      'That was too large',
      'This page can’t take that much. Shorten it and try again.',
    );
  if (status) return new Problem(status, 'We couldn’t read that', 'Please go back and try again.');
  if (isDatabaseUnavailable(error)) return new StoreUnavailableProblem();
  return new Problem(
    500,
    'Something went wrong on our side',
    'We have logged the error. Go back and try again.',
  );
}

// Express and its body parser put the status of a bad request on the error.
function httpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

function logFailure(
  log: Logger,
  { error, problem, req, id }: { error: unknown; problem: Problem; req: Request; id: string },
): void {
  const { method } = req;
  const path = loggedPath(req.path);
  // Overload causes many problems and nobody has to fix them, so each one gets a single line without a stack.
  if (error instanceof Problem)
    log.warn({ id, reason: error.reason ?? error.message, method, path }, problem.title);
  else log.error({ id, err: error, method, path }, problem.title);
}

/**
 * Tells whether a request is answered with data. An address of data always is, even when nothing is there, and so is a
 * client that prefers JSON.
 */
export function wantsData(req: Request): boolean {
  return /^\/api\/|\.json$/i.test(req.path) || req.accepts(['html', 'json']) === 'json';
}

/**
 * Makes the document that tells a program of a problem (RFC 9457). Without a type of its own, the title is that of the
 * status.
 * @param requestId undefined for a problem that the log says no more about
 */
export const asProblemDocument = (
  { status, title, message }: Problem,
  requestId: string | undefined,
): object => ({
  ...{ type: 'about:blank', title: STATUS_CODES[status], status },
  ...{ detail: `${title}. ${message}`, requestId },
});

function sendProblemDocument(res: Response, document: object): void {
  if (!res.getHeader('Cache-Control')) res.setHeader('Cache-Control', 'private, no-cache');
  res.type('application/problem+json').json(document);
}

// The problem goes into the notice, so that the visitor keeps the pair on the page.
function showInNotice(res: Response): void {
  res.setHeader('HX-Retarget', '#notice');
  res.setHeader('HX-Reswap', 'innerHTML');
}
