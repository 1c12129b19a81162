import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

// One Ctrl-C, or one stop of a service, often comes as several signals: the terminal, npm and the primary process of
// several each send theirs.
const SAME_REQUEST_MS = 1_000;
const GIVE_UP_MS = 5_000;

/**
 * A signal that is aborted as soon as the process is asked to stop, by SIGTERM or SIGINT (Ctrl-C). When it is asked
 * again, a second later or more, the process ends at once.
 */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  let askedAt = 0;
  const ask = (): void => {
    if (!stopping.signal.aborted) {
      askedAt = Date.now();
      stopping.abort();
    } else if (Date.now() - askedAt >= SAME_REQUEST_MS) process.exit(1);
  };
  process.on('SIGINT', ask).on('SIGTERM', ask);
  return stopping.signal;
}

/**
 * Closes a server so that a proxy in front loses no request: goes on serving for a while, in which the proxy finds out
 * and sends its visitors elsewhere, and only then takes no new connections. What is under way then may finish, for up
 * to five seconds.
 * @param seconds how long to go on serving (0 or more)
 */
export async function drain(server: Server, seconds: number): Promise<void> {
  // A connection that is kept alive ends right after an answer: nothing is on its way on it then. One without a request
  // stays open until the end, because the proxy may be about to use it.
  server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
  await sleep(seconds * 1_000);
  const closed = once(server, 'close');
  server.close();
  // A request that came before the drain leaves its connection open after the answer.
  const endIdle = setInterval(() => server.closeIdleConnections(), 100);
  const giveUp = setTimeout(() => server.closeAllConnections(), GIVE_UP_MS);
  await closed;
  clearInterval(endIdle);
  clearTimeout(giveUp);
}
