import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeClaim } from './admin/settings/claim.js';
import { createApp } from './app.js';
import { Passwords } from './auth/passwords/passwords.js';
import { purgeExpired } from './auth/purge-expired.js';
import { forgetAddresses } from './auth/sessions/forget-addresses.js';
import { PendingRevocations } from './auth/sessions/pending-revocations.js';
import { startSessionMaintenance } from './auth/sessions/session-maintenance.js';
import { createDemoUser, findDemoCredentials } from './auth/users/demo.js';
import { removeUnusedPictures } from './catalog/pictures/remove-unused.js';
import { purgeTopics } from './catalog/remove-topic.js';
import { seed } from './catalog/seed.js';
import { disconnectFromPrimary, isFirstProcess, isPrimary, isWorker, runPrimary } from './cluster.js';
import { type Config, readConfig } from './config.js';
import { type Database, openDatabase, openDatabaseForPages } from './database.js';
import { drain, stopSignal } from './drain.js';
import { createHttpServer } from './http/http-server.js';
import { createLog } from './log.js';
import { collectFromWorkers } from './metrics.js';
import { migrateUp } from './migrate.js';
import { Boards } from './ranking/boards/board-loader.js';
import { adoptLedger } from './ranking/ranker/adopt-ledger.js';
import { startRankerChild } from './ranking/ranker/ranker-child.js';
import { type RankerProcess, startRanker } from './ranking/ranker/ranker-process.js';
import { openRedis, PREFIX } from './redis.js';
import { runPeriodically } from './run-periodically.js';
import { SiteSettings } from './site/site-settings.js';
import { explain } from './startup-error.js';
import { purgeGuests } from './voting/guests.js';

const PURGE_INTERVAL_MS = 3_600_000;
const SETTINGS_INTERVAL_MS = 2_000;

let config: Config | undefined;
try {
  config = readConfig();
  if (isPrimary(config.workers)) serveFromWorkers(config);
  else await serve(config);
} catch (error) {
  if (isFirstProcess()) process.stderr.write(`Thinga can't start: ${explain(error, config)}\n`);
  process.exit(1);
}

function serveFromWorkers(config: Config): void {
  const log = createLog(config.logLevel);
  if (config.metricsToken) collectFromWorkers();
  runPrimary(config.workers, (stopping) =>
    config.ranker === 'child' ? startRankerChild(log, stopping) : undefined,
  );
}

/** Serves the site until the process is asked to stop, and lets open requests finish. */
async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled promise rejection'));
  const redis = config.redisUrl ? await openRedis(config.redisUrl, log) : undefined;
  const backgroundDb = await openDatabase(config, print);
  await migrateUp(backgroundDb);
  await adoptLedger(backgroundDb);
  const passwords = new Passwords(config.passwordCost, config.passwordMinLength);
  if (!config.databaseUrl) await seedIfEmpty(config, backgroundDb, passwords);
  const db = openDatabaseForPages(backgroundDb, config);
  const pendingRevocations = new PendingRevocations(redis, `${PREFIX}pending-revocations`);
  const boards = new Boards(db);
  const settings = new SiteSettings(db, config);
  await Promise.all([boards.refresh(), settings.refresh()]);

  const stopping = stopSignal();
  const server = createHttpServer(
    createApp({ config, db, redis, boards, settings, passwords, pendingRevocations, log, stopping }),
  );
  await once(server.listen(config.port, config.host), 'listening');
  let ranker: RankerProcess | undefined;
  if (config.ranker === 'inline') ranker = startRanker(backgroundDb, config.databaseUrl !== undefined, log);
  // With several processes, the primary starts it.
  else if (config.ranker === 'child' && !isWorker()) ranker = startRankerChild(log, stopping);
  const maintenance = startSessionMaintenance(backgroundDb, pendingRevocations, log);
  const periodic = [
    runPeriodically(SETTINGS_INTERVAL_MS, () => settings.refresh(), {
      ...{ log, failure: 'the settings are not refreshed' },
    }),
    runPeriodically(PURGE_INTERVAL_MS, () => purgeGuests(backgroundDb), {
      ...{ log, failure: 'old guests were not deleted' },
    }),
    runPeriodically(PURGE_INTERVAL_MS, () => forgetAddresses(backgroundDb, config), {
      ...{ log, failure: 'old addresses were not forgotten' },
    }),
    runPeriodically(PURGE_INTERVAL_MS, () => removeUnusedPictures(backgroundDb), {
      ...{ log, failure: 'unused pictures were not removed' },
    }),
    runPeriodically(PURGE_INTERVAL_MS, () => purgeTopics(backgroundDb), {
      ...{ log, failure: 'deleted topics were not removed' },
    }),
    runPeriodically(PURGE_INTERVAL_MS, () => purgeExpired(backgroundDb), {
      ...{ log, failure: 'what has expired in accounts was not deleted' },
    }),
  ];
  boards.startPolling(log);
  await printAddress({ config, server, db, passwords });

  if (!stopping.aborted) await once(stopping, 'abort');
  await drain(server, config.drainSeconds);
  boards.stopPolling();
  maintenance.stop();
  for (const task of periodic) task.stop();
  await ranker?.stop();
  await passwords.close();
  redis?.disconnect();
  await db.destroy();
  await backgroundDb.destroy();
  disconnectFromPrimary();
}

async function seedIfEmpty(config: Config, db: Database, passwords: Passwords): Promise<void> {
  if (await db.selectFrom('things').select('id').limit(1).executeTakeFirst()) return;
  print('Filling it with things to vote on ...');
  await seed(db);
  await createDemoUser(db, passwords, config);
}

async function printAddress({
  config,
  server,
  db,
  passwords,
}: {
  config: Config;
  server: Server;
  db: Database;
  passwords: Passwords;
}): Promise<void> {
  if (!isFirstProcess()) return;
  const { port } = server.address() as AddressInfo;
  const origin = config.production ? config.publicOrigin : `http://localhost:${port}`;
  const demo = await findDemoCredentials(db, passwords, config);
  const claim = await makeClaim(db);
  print(`Thinga is at ${origin}`);
  if (claim) print(`Nobody runs this site yet. To become its admin, open ${origin}/claim/${claim}`);
  if (demo) print(`Log in as ${demo.username} with the password ${demo.password}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
