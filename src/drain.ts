import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

// One Ctrl-C, or one stop of a service, often sends several signals: from the terminal, from npm and from the
// primary process.
const SAME_REQUEST_MS = 1_000;
const MAX_CLOSE_MS = 5_000;

/**
 * Returns a signal that is aborted when the process is asked to stop, by SIGTERM or SIGINT (Ctrl-C). A second
 * request, at least a second later, ends the process at once.
 */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  let requestedAt = 0;
  const onSignal = (): void => {
    if (!stopping.signal.aborted) {
      requestedAt = Date.now();
      stopping.abort();
    } else if (Date.now() - requestedAt >= SAME_REQUEST_MS) process.exit(1);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return stopping.signal;
}

/**
 * Closes a server without losing a request from the proxy in front. It first serves for a while longer, until
 * the proxy has noticed and sends visitors elsewhere. Then it takes no new connections, and gives open
 * requests up to five seconds to finish.
 * @param seconds how long to go on serving (0 or more)
 */
export async function drain(server: Server, seconds: number): Promise<void> {
  // A connection closes right after an answer, when no request can be on its way. An idle connection stays
  // open until the end, because the proxy may be about to use it.
  server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
  await sleep(seconds * 1_000);
  const closed = once(server, 'close');
  server.close();
  // A request from before the drain leaves its connection open after the answer.
  const closeIdle = setInterval(() => server.closeIdleConnections(), 100);
  const closeAll = setTimeout(() => server.closeAllConnections(), MAX_CLOSE_MS);
  await closed;
  clearInterval(closeIdle);
  clearTimeout(closeAll);
}
