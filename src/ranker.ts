import { once } from 'node:events';
import { type Config, readConfig } from './config.js';
import { openDatabase } from './database.js';
import { stopSignal } from './drain.js';
import { createLog } from './log.js';
import { migrateUp } from './migrate.js';
import { adoptLedger } from './ranking/ranker/adopt-ledger.js';
import { sendHeartbeats } from './ranking/ranker/ranker-child.js';
import { startRanker } from './ranking/ranker/ranker-process.js';
import { explain } from './startup-error.js';

let config: Config | undefined;
try {
  config = readConfig();
  await runRanker(config);
} catch (error) {
  process.stderr.write(`The ranker can't start: ${explain(error, config)}\n`);
  process.exit(1);
}

/** Keeps the ratings up to date until the process is asked to stop, or its parent process ends. */
async function runRanker(config: Config): Promise<void> {
  const stopping = AbortSignal.any([stopSignal(), parentEndSignal()]);
  sendHeartbeats();
  const log = createLog(config.logLevel);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled promise rejection'));
  const db = await openDatabase(config, (line) => process.stdout.write(`${line}\n`));
  await migrateUp(db);
  await adoptLedger(db);
  const ranker = startRanker(db, config.databaseUrl !== undefined, log);
  log.info('the ranker has started');

  if (!stopping.aborted) await once(stopping, 'abort');
  await ranker.stop();
  await db.destroy();
  // An open channel to the parent would keep this process alive.
  if (process.connected) process.disconnect();
}

function parentEndSignal(): AbortSignal {
  const parentEnded = new AbortController();
  process.once('disconnect', () => parentEnded.abort());
  // The parent may have ended while the program loaded. Without a channel to a parent, `connected` is
  // undefined.
  if (process.connected === false) parentEnded.abort();
  return parentEnded.signal;
}
