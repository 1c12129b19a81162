import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A stand-in address for a store, which can go away and come back. */
export interface StoreProxy {
  url: string;
  /** Breaks every connection and takes no new one, as when the store is killed. */
  cut(): void;
  /** Swallows all bytes and says nothing, as when packets are dropped; `old` leaves new connections alone. */
  silence(which?: 'all' | 'old'): void;
  /** Holds back all bytes of the connections there are, for so many milliseconds, as a busy machine does. */
  holdBack(ms: number): Promise<void>;
  /** Is there again. Connections that were silenced stay silent. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Puts a proxy before a store's address.
 * @param change what becomes of the bytes that the store answers with
 */
export async function proxyTo(url: string, change = (answer: Buffer) => answer): Promise<StoreProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const silenced = new Set<Socket>();
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    if (isSilent) silenced.add(near).add(far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('data', (bytes) => {
        if (!silenced.has(one)) other.write(one === far ? change(bytes) : bytes);
      });
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        silenced.delete(one);
        other.destroy();
      });
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    cut,
    silence(which = 'all') {
      isSilent = which === 'all';
      for (const socket of sockets) silenced.add(socket);
    },
    async holdBack(ms) {
      const held = [...sockets];
      for (const socket of held) socket.pause();
      await sleep(ms);
      for (const socket of held) socket.resume();
    },
    async mend() {
      isSilent = false;
      if (!server.listening) await once(server.listen(port, '127.0.0.1'), 'listening');
    },
    async close() {
      if (!server.listening) return;
      cut();
      await once(server, 'close');
    },
  };
}
