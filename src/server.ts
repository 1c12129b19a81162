import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.js';
import { Passwords } from './auth/passwords/passwords.js';
import { startExpiringSessions } from './auth/sessions/expire-sessions.js';
import { PendingRevocations } from './auth/sessions/pending-revocations.js';
import { findDemoLogIn, makeDemoLogIn } from './auth/users/demo.js';
import { seed } from './catalog/seed.js';
import { type Config, readConfig } from './config.js';
import { type Database, openDatabase, openForPages } from './database.js';
import { drain, stopSignal } from './drain.js';
import { every } from './every.js';
import { createHttpServer } from './http/express-prototypes.js';
import { createLog } from './log.js';
import { migrateUp } from './migrate.js';
import { Boards } from './ranking/boards/board-loader.js';
import { adoptLedger } from './ranking/ranker/adopt-ledger.js';
import { startRankerChild } from './ranking/ranker/ranker-child.js';
import { type RankerProcess, startRanker } from './ranking/ranker/ranker-process.js';
import { openRedis, PREFIX } from './redis.js';
import { explain } from './startup-error.js';
import { purgeGuests } from './voting/guests.js';
import { isFirst, isLed, lead, leads, leave } from './workers.js';

const PURGE_EVERY_MS = 3_600_000;

let config: Config | undefined;
try {
  config = readConfig();
  if (leads(config.workers)) leadAll(config);
  else await serve(config);
} catch (error) {
  if (isFirst()) process.stderr.write(`Thinga can't start: ${explain(error, config)}\n`);
  process.exit(1);
}

function leadAll(config: Config): void {
  const log = createLog(config.logLevel);
  lead(config.workers, (stopping) =>
    config.ranker === 'child' ? startRankerChild(log, stopping) : undefined,
  );
}

/** Serves the site until the process is asked to stop; then lets what is under way finish. */
async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise was left rejected'));
  const redis = config.redisUrl ? await openRedis(config.redisUrl, log) : undefined;
  const unlimited = await openDatabase(config, say);
  await migrateUp(unlimited);
  await adoptLedger(unlimited);
  const passwords = new Passwords(config.passwordCost);
  if (!config.databaseUrl) await fillIfEmpty(config, unlimited, passwords);
  const db = openForPages(unlimited, config);
  const pendingRevocations = new PendingRevocations(redis, `${PREFIX}pending-revocations`);
  const boards = new Boards(db);
  await boards.refresh();

  const stopping = stopSignal();
  const server = createHttpServer(
    createApp({ config, db, redis, boards, passwords, pendingRevocations, log, stopping }),
  );
  await once(server.listen(config.port, config.host), 'listening');
  let ranker: RankerProcess | undefined;
  if (config.ranker === 'inline') ranker = startRanker(unlimited, config.databaseUrl !== undefined, log);
  // Of several processes, the one that leads them starts it.
  else if (config.ranker === 'child' && !isLed()) ranker = startRankerChild(log, stopping);
  const sweep = startExpiringSessions(unlimited, pendingRevocations, log);
  const purge = every(PURGE_EVERY_MS, () => purgeGuests(unlimited), {
    log,
    failure: 'old guests were not deleted',
  });
  boards.follow(log);
  await greet(config, server, db, passwords);

  if (!stopping.aborted) await once(stopping, 'abort');
  await drain(server, config.drainSeconds);
  boards.stop();
  sweep.stop();
  purge.stop();
  await ranker?.stop();
  await passwords.close();
  redis?.disconnect();
  await db.destroy();
  await unlimited.destroy();
  leave();
}

async function fillIfEmpty(config: Config, db: Database, passwords: Passwords): Promise<void> {
  if (await db.selectFrom('things').select('id').limit(1).executeTakeFirst()) return;
  say('Filling it with things to vote on ...');
  await seed(db);
  await makeDemoLogIn(db, passwords, config);
}

async function greet(config: Config, server: Server, db: Database, passwords: Passwords): Promise<void> {
  if (!isFirst()) return;
  const { port } = server.address() as AddressInfo;
  const demo = await findDemoLogIn(db, passwords, config);
  say(`Thinga is at ${config.production ? config.publicOrigin : `http://localhost:${port}`}`);
  if (demo) say(`Log in as ${demo.username} with the password ${demo.password}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
