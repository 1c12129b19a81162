import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A reverse proxy in front of several processes of the site, as an operator has one. */
export interface ReverseProxy {
  origin: string;
  /** Waits until this process counts as ready, or no longer. */
  until(origin: string, ready: boolean): Promise<void>;
  close(): Promise<void>;
}

/**
 * Passes each request on, over connections that are kept alive, to the next process whose `/readyz` answered 200 when
 * it was last asked, ten times a second. A request that fails is not tried again: it is a 502.
 */
export async function startReverseProxy(origins: string[]): Promise<ReverseProxy> {
  const agent = new Agent({ keepAlive: true });
  const ready = new Set<string>();
  let turn = 0;
  const server = createServer((req, res) => {
    const healthy = origins.filter((origin) => ready.has(origin));
    const origin = healthy[turn++ % healthy.length];
    if (!origin) return refuse(res, 'no process is ready');
    pass(req, res, origin, agent);
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
    async until(origin, wanted) {
      while (ready.has(origin) !== wanted) await sleep(20);
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

function pass(req: IncomingMessage, res: ServerResponse, origin: string, agent: Agent): void {
  // Each side decides for itself how long its connection lives.
  const { connection: _near, ...headers } = req.headers;
  const forward = request(`${origin}${req.url}`, { method: req.method ?? 'GET', headers, agent });
  forward.on('response', (answer) => {
    const {
      connection: _far,
      'keep-alive': _timeout,
      'transfer-encoding': _encoding,
      ...kept
    } = answer.headers;
    res.writeHead(answer.statusCode ?? 502, kept);
    answer.on('error', () => res.destroy());
    answer.pipe(res);
  });
  forward.on('error', (error) => refuse(res, error.message));
  req.pipe(forward);
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
