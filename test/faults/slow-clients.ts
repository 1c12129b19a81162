import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { System } from './system.js';

const BYTE_EVERY_MS = 200;
const PAGES_ASKED = 20;

/**
 * Opens connections to the site that are slow until the end. A third sends the head of a request byte by
 * byte, a third sends the body of a form byte by byte, and a third asks for pages and does not read them.
 */
export function openSlowClients(count: number): {
  begin(system: System): Promise<void>;
  end(): Promise<void>;
} {
  let sockets: Socket[] = [];
  let timer: NodeJS.Timeout | undefined;
  return {
    async begin({ origin }) {
      const { hostname, port, host } = new URL(origin);
      sockets = await Promise.all(
        Array.from({ length: count }, async () => {
          const socket = connect(Number(port), hostname);
          socket.on('error', () => undefined);
          await once(socket, 'connect');
          return socket;
        }),
      );
      const head = `POST /topics/foods/vote HTTP/1.1\r\nHost: ${host}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 2000\r\n\r\n`;
      sockets.forEach((socket, index) => {
        if (index % 3 === 0) socket.write('GET /top HTTP/1.1\r\nX-Slow: ');
        if (index % 3 === 1) socket.write(head);
        if (index % 3 === 2)
          socket.pause().write(`GET /top HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(PAGES_ASKED));
      });
      timer = setInterval(() => {
        sockets.forEach((socket, index) => {
          if (index % 3 !== 2 && socket.writable) socket.write('a');
        });
      }, BYTE_EVERY_MS);
    },
    async end() {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}
