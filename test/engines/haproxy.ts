import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../processes.js';
import { startServer } from './start-server.js';

/** A running HAProxy. */
export interface HaProxy {
  origin: string;
  /** Waits until it takes a server as up, or as down. @param index from 0 */
  until(index: number, status: 'UP' | 'DOWN'): Promise<void>;
}

/** Starts an HAProxy that sends each request to the next server whose `/readyz` answers 200. It retries nothing. */
export async function startHaProxy(folder: string, servers: string[]): Promise<HaProxy> {
  const port = await freePort();
  const path = join(folder, 'haproxy');
  mkdirSync(path);
  const lines = servers.map((origin, index) => `  server s${index} ${new URL(origin).host} check`);
  writeFileSync(
    join(path, 'haproxy.cfg'),
    `global
  stats socket ${join(path, 'stats')} level user
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
  retries 0
frontend people
  bind 127.0.0.1:${port}
  default_backend sites
backend sites
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200
  default-server inter 500ms fall 2 rise 1
${lines.join('\n')}
`,
  );
  const origin = `http://127.0.0.1:${port}`;
  const answers = (): Promise<boolean> =>
    fetch(`${origin}/healthz`).then(
      () => true,
      () => false,
    );
  await startServer(answers, ['haproxy', '-f', 'haproxy.cfg'], { cwd: path });
  return {
    origin,
    async until(index, status) {
      while (!(await statusOf(join(path, 'stats'), `s${index}`)).startsWith(status)) await sleep(50);
    },
  };
}

/** Asks HAProxy over its socket for the status of a server. */
async function statusOf(socketPath: string, server: string): Promise<string> {
  const socket = connect(socketPath).setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.write('show stat\n');
  await once(socket, 'close');
  const [header = '', ...rows] = text.split('\n').map((line) => line.split(','));
  const [nameColumn, statusColumn] = [header.indexOf('svname'), header.indexOf('status')];
  return rows.find((row) => row[nameColumn] === server)?.[statusColumn] ?? '';
}
