import { once } from 'node:events';
import { type Config, readConfig } from './config.js';
import { openDatabase } from './database.js';
import { stopSignal } from './drain.js';
import { createLog } from './log.js';
import { migrateUp } from './migrate.js';
import { adoptLedger } from './ranking/ranker/adopt-ledger.js';
import { tellParent } from './ranking/ranker/ranker-child.js';
import { startRanker } from './ranking/ranker/ranker-process.js';
import { explain } from './startup-error.js';

let config: Config | undefined;
try {
  config = readConfig();
  await rank(config);
} catch (error) {
  process.stderr.write(`The ranker can't start: ${explain(error, config)}\n`);
  process.exit(1);
}

/** Keeps the ratings up with the votes until the process is asked to stop, or the process that started it ends. */
async function rank(config: Config): Promise<void> {
  const stopping = AbortSignal.any([stopSignal(), parentGone()]);
  tellParent();
  const log = createLog(config.logLevel);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise was left rejected'));
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

function parentGone(): AbortSignal {
  const gone = new AbortController();
  process.once('disconnect', () => gone.abort());
  // It may have gone while the program was loaded. Without a parent's channel this is undefined.
  if (process.connected === false) gone.abort();
  return gone.signal;
}
