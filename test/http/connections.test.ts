import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { limitBodyTime } from '../../src/http/body-time.js';
import { createHttpServer } from '../../src/http/http-server.js';
import { useSite } from '../site.js';

const site = useSite();
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Opens a connection and sends a text. @returns what comes back until the site ends the connection */
async function send(text: string, port = Number(new URL(site.origin).port)): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

it('ends a connection whose headers do not arrive in time', async () => {
  site.server.headersTimeout = 500;
  expect(await send('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow:')).toContain('408');
  // Also one that says nothing at all.
  expect(await send('')).toContain('408');
});

it('refuses headers that are too large', async () => {
  const answer = await send(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(answer).toContain('431');
});

it('closes connections beyond the limit of a process', async () => {
  expect(site.server.maxConnections).toBe(10_000);
  const server = createHttpServer(express().get('/', (_req, res) => void res.send('ok')));
  server.maxConnections = 1;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const first = connect(port, '127.0.0.1');
  sockets.push(first);
  await once(first, 'connect');
  expect(await send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', port)).toBe('');
  first.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const [answer] = await once(first, 'data');
  expect(String(answer)).toContain('200 OK');
  server.closeAllConnections();
  server.close();
});

it('ends the connection of a form that arrives too slowly', async () => {
  const app = express().use(limitBodyTime(200), express.urlencoded());
  app.post('/', (req, res) => void res.json(req.body));
  const server = createHttpServer(app);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const head =
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n';
  expect(await send(`${head}Content-Length: 3\r\n\r\na=`, port)).toBe('');
  expect(await send(`${head}Content-Length: 3\r\n\r\na=b`, port)).toContain('{"a":"b"}');
  server.close();
});
