import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Express } from 'express';

// Longer than proxies keep an idle connection (60 seconds at nginx and at load balancers of clouds), so that it is
// they who close it: closed here, it may be just when a request is on its way. Node's own 5 seconds lose such requests.
const KEEP_ALIVE_MS = 75_000;

/**
 * An HTTP server whose requests and responses are born with Express's prototypes.
 *
 * Express otherwise swaps the prototype of each request and response, which V8 before Node 24 answers by
 * dropping its optimised code: sending a page took six times as long. With the prototypes in place already,
 * Express's own `setPrototypeOf` finds nothing to change. Measured by `npm run bench`.
 */
export function createHttpServer(app: Express): Server {
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  Object.setPrototypeOf(Request.prototype, app.request);
  Object.setPrototypeOf(Response.prototype, app.response);
  app.request = Request.prototype as unknown as Express['request'];
  app.response = Response.prototype as unknown as Express['response'];
  const options = { IncomingMessage: Request, ServerResponse: Response, keepAliveTimeout: KEEP_ALIVE_MS };
  return createServer(options, app);
}
