import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, expect, inject, it } from 'vitest';
import { seededRandom } from '../../src/ranking/math/random.js';
import { openDatabaseOfItsOwn } from '../site.js';
import { runCommand } from './run-command.js';

const [FEW, MANY] = [100_000, 1_000_000];
const VOTERS = 5_000;
/** What the process may take of memory, whatever the size of the file. */
const MOST_MB = 250;
/** A million votes go in at the rate of a hundred thousand, as far as that can be told on a busy machine. */
const LEAST_SHARE_OF_RATE = 0.5;

const folder = mkdtempSync(join(tmpdir(), 'thinga-import-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.for([200, 100_000])(
  'imports votes on %i things, however many',
  { timeout: 3_600_000 },
  async (things, context) => {
    if (!inject('postgres')) context.skip('the embedded database is in the process, and its memory with it');
    const rates: number[] = [];
    for (const votes of [FEW, MANY]) {
      const { config, close } = await openDatabaseOfItsOwn();
      const env = { DATABASE_URL: config.databaseUrl, DATA_DIR: config.dataDir };
      const run = (what: string, file: string) => runCommand(['import', what, file, '--topic', 'bench'], env);
      try {
        const thingsFile = await writeCsv('things', thingRows(things));
        const brought = await run('things', thingsFile);
        console.info(`${count(things)} things: ${brought.seconds.toFixed(1)} s, ${brought.megabytes} MB`);
        const file = await writeCsv('votes', voteRows(things, votes));
        const { seconds, megabytes } = await run('votes', file);
        rates.push(votes / seconds);
        console.info(
          `${count(votes)} votes on ${count(things)} things: ${seconds.toFixed(1)} s, ` +
            `${count(Math.round(votes / seconds))} votes a second, ${megabytes} MB`,
        );
        expect(megabytes).toBeLessThan(MOST_MB);
      } finally {
        await close();
      }
    }
    const [few = 0, many = 0] = rates;
    console.info(`A million votes go in at ${(many / few).toFixed(2)} of the rate of a hundred thousand.`);
    expect(many / few).toBeGreaterThan(LEAST_SHARE_OF_RATE);
  },
);

async function writeCsv(name: string, lines: Iterable<string>): Promise<string> {
  const file = join(folder, `${name}.csv`);
  await pipeline(Readable.from(lines), createWriteStream(file));
  return file;
}

function* thingRows(things: number): Generator<string> {
  yield 'name,description\n';
  for (let thing = 1; thing <= things; thing++) yield `Thing ${thing},The description of thing ${thing}\n`;
}

/** Each voter answers a pair once; one answer in ten is a tie. */
function* voteRows(things: number, votes: number): Generator<string> {
  yield 'winner,loser,outcome,voter,at\n';
  const random = seededRandom(1);
  const answered = new Set<number>();
  const began = Date.parse('2020-01-01');
  while (answered.size < votes) {
    const [one, other] = [Math.floor(random() * things), Math.floor(random() * things)];
    const voter = Math.floor(random() * VOTERS);
    const answer = (voter * things + Math.min(one, other)) * things + Math.max(one, other);
    if (one === other || answered.has(answer)) continue;
    answered.add(answer);
    const at = new Date(began + Math.floor(random() * 1e11)).toISOString();
    yield `Thing ${one + 1},Thing ${other + 1},${random() < 0.1 ? 'tie' : 'win'},voter ${voter},${at}\n`;
  }
}

const count = (value: number): string => value.toLocaleString('en');
