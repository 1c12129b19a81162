import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { importThings } from '../../catalog/import-things.js';
import type { TopicFields } from '../../catalog/topics.js';
import { type Command, readArguments, UsageError } from '../../command-line.js';
import type { Database } from '../../database.js';
import { count, number } from '../../http/format.js';
import { catchUp } from '../../ranking/ranker/catch-up.js';
import { Ranker } from '../../ranking/ranker/ranker.js';
import { importVotes } from '../../ranking/transfer/import-votes.js';
import { printImported, printStatus, startProgressBar } from './progress.js';

/** `import things|votes FILE --topic SLUG`: imports a CSV file. The file `-` is standard input. */
export const importCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, {
    topic: { type: 'string' },
    title: { type: 'string' },
    question: { type: 'string' },
  });
  const [kind, file, ...rest] = positionals;
  if ((kind !== 'things' && kind !== 'votes') || !file || rest.length > 0)
    throw new UsageError('import takes the word things or votes, and one file');
  const { topic: slug, title, question } = values;
  if (!slug) throw new UsageError('--topic is missing');
  if (kind === 'votes' && (title ?? question) !== undefined)
    throw new UsageError('--title and --question go with things');
  return ({ db }) =>
    kind === 'things' ? runThingsImport(db, file, { slug, title, question }) : runVotesImport(db, file, slug);
};

async function runThingsImport(db: Database, file: string, topic: TopicFields): Promise<void> {
  const imported = await withSource(file, (source, onProgress) =>
    importThings(db, source, { ...topic, onProgress }),
  );
  printImported(imported);
}

async function runVotesImport(db: Database, file: string, slug: string): Promise<void> {
  const { added, existing, topic } = await withSource(file, (source, onProgress) =>
    importVotes(db, source, { slug, onProgress }),
  );
  console.info(`${topic.title}: ${count(added, 'vote')} added, ${number(existing)} already there.`);
  printStatus('Folding the votes into the ranking ...');
  const isCurrent = await catchUp(db, new Ranker(db));
  console.info(
    isCurrent
      ? 'The ranking is up to date.'
      : 'Some votes are not in the ranking yet, as other work on this Postgres is unfinished: the site will add them.',
  );
}

async function withSource<Result>(
  file: string,
  work: (source: Readable, onProgress: () => void) => Promise<Result>,
): Promise<Result> {
  if (file === '-') return work(process.stdin, () => undefined);
  const stats = await stat(file);
  if (stats.isDirectory()) throw new Error(`${file} is a folder, not a file`);
  const source = createReadStream(file);
  const progress = startProgressBar('Reading', stats.size);
  source.once('end', () => {
    progress.update(stats.size);
    progress.stop();
    printStatus('Checking and writing ...');
  });
  try {
    return await work(source, () => progress.update(source.bytesRead));
  } finally {
    progress.stop();
  }
}
