import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy in front of a store. It can simulate that the store fails and comes back. */
export interface StoreProxy {
  url: string;
  /** Breaks every connection and refuses new ones, as when the store is killed. */
  cut(): void;
  /** Drops all bytes without an error, as when packets are lost. `old` does not affect new connections. */
  silence(which?: 'all' | 'old'): void;
  /** Delays the bytes of the open connections by some milliseconds, as a busy machine does. */
  holdBack(ms: number): Promise<void>;
  /** Works again. Silenced connections stay silent. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a proxy in front of a store.
 * @param change changes the bytes that the store answers
 */
export async function startStoreProxy(url: string, change = (answer: Buffer) => answer): Promise<StoreProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const silenced = new Set<Socket>();
  let isSilent = false;
  const server = createServer((client) => {
    const store = connect(Number(target.port || 5432), target.hostname);
    if (isSilent) silenced.add(client).add(store);
    for (const [source, destination] of [
      [client, store],
      [store, client],
    ] as const) {
      sockets.add(source);
      source.on('data', (bytes) => {
        if (!silenced.has(source)) destination.write(source === store ? change(bytes) : bytes);
      });
      source.on('error', () => destination.destroy());
      source.on('close', () => {
        sockets.delete(source);
        silenced.delete(source);
        destination.destroy();
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
      const paused = [...sockets];
      for (const socket of paused) socket.pause();
      await sleep(ms);
      for (const socket of paused) socket.resume();
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
