import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Passwords } from '../auth/passwords/passwords.js';
import { findDemoLogIn, makeDemoLogIn } from '../auth/users/demo.js';
import { type ImportedThings, importThings } from '../catalog/import-things.js';
import { count, counted, sayOnTerminal, showProgress } from '../catalog/progress.js';
import { seed } from '../catalog/seed.js';
import type { TopicWords } from '../catalog/topic-fields.js';
import { type Command, readArguments, UsageError } from '../command-line.js';
import type { Database } from '../database.js';
import { catchUp } from '../ranking/ranker/catch-up.js';
import { Ranker } from '../ranking/ranker/ranker.js';
import { exportRanking, exportThings, exportVotes } from '../ranking/transfer/export.js';
import { importVotes } from '../ranking/transfer/import-votes.js';

/** `seed`: fills the site with topics and, outside production, makes a log-in and prints it. */
export const seedCommand: Command = (args) => {
  if (readArguments(args, {}).positionals.length > 0) throw new UsageError('seed takes nothing more');
  return async ({ db, config }) => {
    await seed(db, (imported) => console.info(thingsLine(imported)));
    if (!config.demoPassword) return;
    const passwords = new Passwords(config.passwordCost);
    try {
      await makeDemoLogIn(db, passwords, config);
      const demo = await findDemoLogIn(db, passwords, config);
      if (demo) console.info(`Log in as ${demo.username} with the password ${demo.password}`);
    } finally {
      await passwords.close();
    }
  };
};

/** `import things|votes FILE --topic SLUG`: brings a CSV file in; the file `-` is standard input. */
export const importCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, {
    topic: { type: 'string' },
    title: { type: 'string' },
    question: { type: 'string' },
  });
  const [what, file, ...more] = positionals;
  if ((what !== 'things' && what !== 'votes') || !file || more.length > 0)
    throw new UsageError('import takes the word things or votes, and one file');
  const { topic: slug, title, question } = values;
  if (!slug) throw new UsageError('--topic is missing');
  if (what === 'votes' && (title ?? question) !== undefined)
    throw new UsageError('--title and --question go with things');
  return ({ db }) =>
    what === 'things' ? bringThings(db, file, { slug, title, question }) : bringVotes(db, file, slug);
};

/** `export things|votes|ranking --topic SLUG`: writes CSV to standard output. */
export const exportCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, { topic: { type: 'string' } });
  const writers = { things: exportThings, votes: exportVotes, ranking: exportRanking };
  const [what = '', ...more] = positionals;
  if (!Object.hasOwn(writers, what) || more.length > 0)
    throw new UsageError('export takes one of the words things, votes and ranking');
  const { topic } = values;
  if (!topic) throw new UsageError('--topic is missing');
  return ({ db }) => writers[what as keyof typeof writers](db, topic, process.stdout);
};

async function bringThings(db: Database, file: string, words: TopicWords): Promise<void> {
  const imported = await reading(file, (source, onProgress) =>
    importThings(db, source, { ...words, onProgress }),
  );
  console.info(thingsLine(imported));
}

async function bringVotes(db: Database, file: string, slug: string): Promise<void> {
  const { added, already, topic } = await reading(file, (source, onProgress) =>
    importVotes(db, source, { slug, onProgress }),
  );
  console.info(`${topic.title}: ${counted(added, 'vote')} added, ${count(already)} already there.`);
  sayOnTerminal('Folding the votes into the ranking ...');
  const current = await catchUp(db, new Ranker(db));
  console.info(
    current
      ? 'The ranking is up to date.'
      : 'Some votes are not in the ranking yet, as other work on this Postgres is unfinished: the site will add them.',
  );
}

const thingsLine = ({ added, changed, unchanged, topic }: ImportedThings): string =>
  `${topic.title}: ${counted(added, 'thing')} added, ${count(changed)} changed, ${count(unchanged)} unchanged.`;

async function reading<Result>(
  file: string,
  work: (source: Readable, onProgress: () => void) => Promise<Result>,
): Promise<Result> {
  if (file === '-') return work(process.stdin, () => undefined);
  const found = await stat(file);
  if (found.isDirectory()) throw new Error(`${file} is a folder, not a file`);
  const source = createReadStream(file);
  const progress = showProgress('Reading', found.size);
  source.once('end', () => {
    progress.to(found.size);
    progress.end();
    sayOnTerminal('Checking and writing ...');
  });
  try {
    return await work(source, () => progress.to(source.bytesRead));
  } finally {
    progress.end();
  }
}
