import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A stand-in address for a store, which can go away and come back. */
export interface StoreProxy {
  url: string;
  /** Breaks every connection and takes no new one, as when the store is killed. */
  cut(): void;
  /** Is there again. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** Puts a proxy before a store's address. */
export async function proxyTo(url: string): Promise<StoreProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
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
    async mend() {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    },
    async close() {
      if (!server.listening) return;
      cut();
      await once(server, 'close');
    },
  };
}
