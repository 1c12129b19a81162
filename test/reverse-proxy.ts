import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A reverse proxy in front of several processes of the site, as operators use. */
export interface ReverseProxy {
  origin: string;
  /** Waits until the proxy takes a process as ready, or as not ready. */
  until(origin: string, isReady: boolean): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a proxy that sends each request to the next ready process, over connections that are kept alive. It
 * asks each process for `/readyz` ten times a second. It does not retry a request that fails, and answers
 * 502.
 */
export async function startReverseProxy(origins: string[]): Promise<ReverseProxy> {
  const agent = new Agent({ keepAlive: true });
  const ready = new Set<string>();
  let requests = 0;
  const server = createServer((req, res) => {
    const healthy = origins.filter((origin) => ready.has(origin));
    const origin = healthy[requests++ % healthy.length];
    if (!origin) return refuse(res, 'no process is ready');
    forward(req, res, { origin, agent });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const checks = setInterval(async () => {
    for (const origin of origins)
      if (await isReady(origin)) ready.add(origin);
      else ready.delete(origin);
  }, 100);
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    async until(origin, isReady) {
      while (ready.has(origin) !== isReady) await sleep(20);
    },
    async close() {
      clearInterval(checks);
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function forward(
  req: IncomingMessage,
  res: ServerResponse,
  { origin, agent }: { origin: string; agent: Agent },
): void {
  // Each side decides for itself how long its connection lives.
  const { connection: _clientConnection, ...requestHeaders } = req.headers;
  const options = { method: req.method ?? 'GET', headers: requestHeaders, agent };
  const forwarded = request(`${origin}${req.url}`, options);
  forwarded.on('response', (answer) => {
    const {
      connection: _serverConnection,
      'keep-alive': _timeout,
      'transfer-encoding': _encoding,
      ...headers
    } = answer.headers;
    res.writeHead(answer.statusCode ?? 502, headers);
    answer.on('error', () => res.destroy());
    answer.pipe(res);
  });
  forwarded.on('error', (error) => refuse(res, error.message));
  req.pipe(forwarded);
}

function refuse(res: ServerResponse, reason: string): void {
  if (res.headersSent) res.destroy();
  else res.writeHead(502).end(reason);
}

function isReady(origin: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(`${origin}/readyz`, { agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}
