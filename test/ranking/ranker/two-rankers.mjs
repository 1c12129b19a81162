// Runs two rankers of the compiled program until the process is killed: the one of a running site, and one
// without pauses, so that a kill mostly interrupts its work.
import { pino } from 'pino';
import { readConfig } from '../../../dist/src/config.js';
import { openDatabase } from '../../../dist/src/database.js';
import { Ranker } from '../../../dist/src/ranking/ranker/ranker.js';
import { startRanker } from '../../../dist/src/ranking/ranker/ranker-process.js';

const db = await openDatabase(readConfig(), () => undefined);
startRanker(db, true, pino({ level: 'silent' }));
const ranker = new Ranker(db);
process.stdout.write('ready\n');
for (;;) {
  await ranker.fold();
  if (Math.random() < 0.1) await ranker.refit(Number(process.argv[2]));
}
