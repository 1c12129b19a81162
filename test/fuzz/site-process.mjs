// The built site in a process of its own, on the stores of a running test site. It notes each time that its event loop
// stood still, and what was being answered then, and tells its parent when it asks. Plain JavaScript, because Node 20
// runs no TypeScript.
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createApp } from '../../dist/src/app.js';
import { Passwords } from '../../dist/src/auth/passwords/passwords.js';
import { PendingRevocations } from '../../dist/src/auth/sessions/pending-revocations.js';
import { openDatabase, openDatabaseForPages } from '../../dist/src/database.js';
import { createHttpServer } from '../../dist/src/http/http-server.js';
import { createLog } from '../../dist/src/log.js';
import { Boards } from '../../dist/src/ranking/boards/board-loader.js';
import { openRedis } from '../../dist/src/redis.js';
import { SiteSettings } from '../../dist/src/site/site-settings.js';

const TICK_MS = 5;

const [start] = await once(process, 'message');
const { config, prefix, redisUrl, stallMs } = start;
const log = createLog('warn');
const db = openDatabaseForPages(await openDatabase(config, () => undefined), config);
const redis = redisUrl ? await openRedis(redisUrl, log) : undefined;
const passwords = new Passwords(config.passwordCost, config.passwordMinLength);
const boards = new Boards(db);
const settings = new SiteSettings(db, config);
await Promise.all([boards.refresh(), settings.refresh()]);
const pendingRevocations = new PendingRevocations(redis, `${prefix}pending-revocations`);
const app = createApp({ config, db, redis, boards, settings, passwords, pendingRevocations, log, prefix });
app.enable('view cache');
const server = createHttpServer(app);
await once(server.listen(0, '127.0.0.1'), 'listening');
boards.startPolling(log);

/** The numbers of the requests that have been answered at any time since the last tick. */
let open = new Set();
const closed = new Set();
channel('http.server.request.start').subscribe(({ request, response }) => {
  const number = Number(request.headers['x-fuzz']);
  open.add(number);
  response.once('close', () => closed.add(number));
  // A fuzzer that reports nothing must show that it would report something.
  if (request.headers['x-fuzz-stall']) stall();
});

function stall() {
  const start = cpuMs();
  while (cpuMs() - start < 2 * stallMs);
}

// Time on the processor, not on the clock: on a busy machine, this process also waits for others.
function cpuMs() {
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds) / 1e6;
}

const stalls = [];
let isAsked = false;
process.on('message', () => {
  isAsked = true;
});
let [lastTick, lastCpu] = [performance.now(), cpuMs()];
setInterval(() => {
  const [now, cpu] = [performance.now(), cpuMs()];
  if (now - lastTick - TICK_MS > stallMs)
    stalls.push({ ms: now - lastTick - TICK_MS, cpuMs: cpu - lastCpu, requests: [...open] });
  // What was answered before the question has been noted only now.
  if (isAsked) process.send({ stalls: stalls.splice(0) });
  isAsked = false;
  open = new Set([...open].filter((number) => !closed.has(number)));
  closed.clear();
  [lastTick, lastCpu] = [now, cpu];
}, TICK_MS);

process.send({ port: server.address().port });
process.on('disconnect', () => process.exit(0));
