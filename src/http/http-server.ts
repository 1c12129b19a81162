import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Express } from 'express';

// Longer than proxies keep an idle connection (60 seconds in nginx and in cloud load balancers), so the proxy
// closes it first. If the server closed it first, a request could arrive at that moment and be lost, as with
// Node's own 5 seconds.
const KEEP_ALIVE_MS = 75_000;

// Node's own five minutes are too short for forty photographs over a slow line.
const REQUEST_TIMEOUT_MS = 15 * 60_000;

// A browser sends its headers at once. Sent byte by byte, they are meant to keep connections busy (slowloris).
const HEADERS_TIMEOUT_MS = 10_000;
const CHECK_CONNECTIONS_MS = 2_000;
const MAX_HEADER_BYTES = 16_384;
const MAX_HEADERS = 100;

// Far more than one process can serve. Each idle connection takes a few kilobytes.
const MAX_CONNECTIONS = 10_000;

/**
 * Creates an HTTP server whose requests and responses have Express's prototypes from the start.
 *
 * Express otherwise swaps the prototype of each request and response. V8 before Node 24 then drops its
 * optimised code: sending a page took six times as long. With the prototypes already in place, Express's
 * `setPrototypeOf` changes nothing. `npm run bench` measures this.
 *
 * It also limits what strangers may take up: connections, headers, and the time in which these must arrive.
 */
export function createHttpServer(app: Express): Server {
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  Object.setPrototypeOf(Request.prototype, app.request);
  Object.setPrototypeOf(Response.prototype, app.response);
  app.request = Request.prototype as unknown as Express['request'];
  app.response = Response.prototype as unknown as Express['response'];
  const options = {
    IncomingMessage: Request,
    ServerResponse: Response,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const server = createServer(options, app);
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}
