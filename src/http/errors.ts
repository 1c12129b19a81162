import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { isDatabaseAway } from '../database.js';
import { sendPage, wantsPart } from './page.js';
import { notFound, Problem, StoreAwayProblem } from './problem.js';

/** Where no page is. */
export const nothingHere: RequestHandler = () => {
  throw notFound();
};

/** Ends a route that other methods lead to: says which ones it knows. */
export const methodNotAllowed: RequestHandler = (req, res) => {
  const route = req.route as { methods: Record<string, boolean> };
  const known = Object.keys(route.methods).filter((method) => method !== '_all');
  const methods = known.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : method.toUpperCase()));
  res.setHeader('Allow', methods.join(', '));
  throw new Problem(405, 'This page cannot be opened directly', 'Go back, or start from the front page.');
};

/**
 * Answers what went wrong in plain words, on a page or, to whoever asked for data, as JSON; only the log learns more.
 */
export function answerErrors(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    // The line about the request says that its answer was cut.
    if (isVisitorGone(error, res)) return;
    const problem = asProblem(error);
    // Load makes as many of these as somebody likes: one line each, as there is nothing to mend.
    if (problem.status >= 500 && error instanceof Problem)
      log.warn({ reason: error.reason ?? error.message, method: req.method, path: req.path }, problem.title);
    else if (problem.status >= 500)
      log.error({ err: error, method: req.method, path: req.path }, problem.title);
    if (res.headersSent) return next(error);
    res.status(problem.status);
    if (problem.retryAfter) res.setHeader('Retry-After', String(problem.retryAfter));
    // It named what could not be shown.
    res.removeHeader('ETag');
    res.vary('Accept');
    if (wantsData(req)) return sendProblemDocument(res, problem);
    if (wantsPart(res)) showInNotice(res);
    sendPage(res, 'errors/problem', { problem }, 'errors/_problem');
  };
}

// A visitor who stops a download in the middle is no fault of the site. What fails on the site itself is another error.
function isVisitorGone(error: unknown, res: Response): boolean {
  return (
    res.closed && error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
  );
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const status = httpStatus(error);
  if (status === 413)
    return new Problem(413, 'That was too much', 'What you sent is larger than this page takes.');
  if (status) return new Problem(status, 'That could not be read', 'Please go back and try again.');
  if (isDatabaseAway(error)) return new StoreAwayProblem();
  return new Problem(
    500,
    'Something broke on our side',
    'It has been noted. Going back and trying again may help.',
  );
}

// Express and its body parser carry the status of a bad request on the error.
function httpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

// Whether the address is one of data, whatever is there, or whoever asks would rather have that than a page.
function wantsData(req: Request): boolean {
  return /^\/api\/|\.json$/i.test(req.path) || req.accepts(['html', 'json']) === 'json';
}

// RFC 9457: without a type of its own, the title is that of the status.
function sendProblemDocument(res: Response, { status, title, message }: Problem): void {
  if (!res.getHeader('Cache-Control')) res.setHeader('Cache-Control', 'private, no-cache');
  res.type('application/problem+json').json({
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail: `${title}. ${message}`,
  });
}

// The part of the page that was to be replaced stays, so that nobody loses the pair they look at.
function showInNotice(res: Response): void {
  res.setHeader('HX-Retarget', '#notice');
  res.setHeader('HX-Reswap', 'innerHTML');
}
