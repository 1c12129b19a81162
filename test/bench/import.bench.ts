import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, expect, inject, it } from 'vitest';
import { seededRandom } from '../../src/ranking/math/random.js';
import { openTestDatabase } from '../site.js';
import { runCommand } from './run-command.js';

const [FEW, MANY] = [100_000, 1_000_000];
const VOTERS = 5_000;
/** The most memory that the process may use, whatever the size of the file. */
const MAX_MB = 250;
/**
 * The rate of a million votes must be near that of a hundred thousand; a busy machine varies by a factor of
 * two.
 */
const MIN_RATE_RATIO = 0.5;

const folder = mkdtempSync(join(tmpdir(), 'thinga-import-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.for([200, 100_000])(
  'imports few and many votes on %i things at the same rate',
  { timeout: 3_600_000 },
  async (things, context) => {
    if (!inject('postgres')) context.skip('the embedded database is in the process, and its memory with it');
    const rates: number[] = [];
    for (const votes of [FEW, MANY]) {
      const { config, close } = await openTestDatabase();
      const env = { DATABASE_URL: config.databaseUrl, DATA_DIR: config.dataDir };
      const run = (kind: string, file: string) => runCommand(['import', kind, file, '--topic', 'bench'], env);
      try {
        const thingsFile = await writeCsv('things', thingRows(things));
        const importedThings = await run('things', thingsFile);
        console.info(
          `${count(things)} things: ${importedThings.seconds.toFixed(1)} s, ${importedThings.megabytes} MB`,
        );
        const file = await writeCsv('votes', voteRows(things, votes));
        const { seconds, megabytes } = await run('votes', file);
        rates.push(votes / seconds);
        console.info(
          `${count(votes)} votes on ${count(things)} things: ${seconds.toFixed(1)} s, ` +
            `${count(Math.round(votes / seconds))} votes a second, ${megabytes} MB`,
        );
        expect(megabytes).toBeLessThan(MAX_MB);
      } finally {
        await close();
      }
    }
    const [few = 0, many = 0] = rates;
    console.info(`A million votes go in at ${(many / few).toFixed(2)} of the rate of a hundred thousand.`);
    expect(many / few).toBeGreaterThan(MIN_RATE_RATIO);
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
  const startedAt = Date.parse('2020-01-01');
  while (answered.size < votes) {
    const [one, other] = [Math.floor(random() * things), Math.floor(random() * things)];
    const voter = Math.floor(random() * VOTERS);
    const answer = (voter * things + Math.min(one, other)) * things + Math.max(one, other);
    if (one === other || answered.has(answer)) continue;
    answered.add(answer);
    const at = new Date(startedAt + Math.floor(random() * 1e11)).toISOString();
    yield `Thing ${one + 1},Thing ${other + 1},${random() < 0.1 ? 'tie' : 'win'},voter ${voter},${at}\n`;
  }
}

const count = (value: number): string => value.toLocaleString('en');
