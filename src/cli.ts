import { setFlagsFromString } from 'node:v8';
import { type Command, type Context, readArguments, type StoreCommand, UsageError } from './command-line.js';
import { type Config, readConfig } from './config.js';
import { openDatabase } from './database.js';
import { migrateDown, migrateUp } from './migrate.js';
import { adoptLedger } from './ranking/ranker/adopt-ledger.js';
import { explain } from './startup-error.js';

const USAGE = `Commands:
  npm run migrate [-- down]
  npm run seed
  npm run import -- things FILE.csv --topic SLUG [--title TITLE] [--question QUESTION]
  npm run import -- votes FILE.csv --topic SLUG
  npm run -s export -- things|votes|ranking --topic SLUG > FILE.csv
  npm run topic -- SLUG --goal winner|'top N'|order
  npm run rank -- --rebuild|--check [--topic SLUG]
  npm run figures -- --topic SLUG [--without NAME,NAME]
  npm run doctor
  npm run backup [FILE]
  npm run restore FILE
  npm run admin -- users list [TEXT] [--show all|waiting|admins|disabled]
  npm run admin -- users disable NAME [--reason TEXT]
  npm run admin -- users invite NOTE
  npm run admin -- users reset-link NAME
  npm run admin -- users enable|promote|demote|approve|refuse|unlock NAME
  npm run admin -- sessions end --user NAME | --all
  npm run admin -- votes void|set-apart|restore NAME
  npm run admin -- topics list [TEXT] [--show all|public|hidden|deleted]
  npm run admin -- topics hide|show|default SLUG
  npm run admin -- topics give SLUG NAME
  npm run admin -- site show
  npm run admin -- site set name|contact|registration|topics|light|dark VALUE
  npm run admin -- site claim
  npm run admin -- review list
  npm run admin -- review accept ID
  npm run admin -- review merge ID THING
  npm run admin -- review refuse ID --reason TEXT
  npm run admin -- review close FLAG
  npm run admin -- stuffing list
  npm run admin -- stuffing set-apart|restore alarm ID | group TOPIC CODE
  npm run admin -- record list [NAME] [--show admins|accounts|log-ins|topics|all]
  npm run admin -- activity
  npm run admin -- audit verify
  npm run admin -- help
FILE.csv may be - for standard input.`;

const migrateCommand: Command = (args) => {
  const { positionals } = readArguments(args, {});
  const [direction = 'up', ...more] = positionals;
  if (!['up', 'down'].includes(direction) || more.length > 0)
    throw new UsageError('migrate takes nothing, or the word down');
  return async ({ db }) => {
    const names = await (direction === 'up' ? migrateUp(db) : migrateDown(db));
    if (names.length === 0)
      console.info(direction === 'up' ? 'The tables are up to date.' : 'There is nothing to take back.');
    for (const name of names) console.info(`${direction === 'up' ? 'Migrated' : 'Took back'} ${name}.`);
  };
};

// Each command loads only its own code: an import needs no password hashing.
const commands: Record<string, () => Promise<Command>> = {
  migrate: async () => migrateCommand,
  seed: async () => (await import('./admin/commands/seed-command.js')).seedCommand,
  import: async () => (await import('./admin/commands/import-command.js')).importCommand,
  export: async () => (await import('./admin/commands/export-command.js')).exportCommand,
  topic: async () => (await import('./admin/commands/topic-command.js')).topicCommand,
  rank: async () => (await import('./admin/commands/rank-command.js')).rankCommand,
  figures: async () => (await import('./admin/commands/figures-command.js')).figuresCommand,
  admin: async () => (await import('./admin/commands/admin-command.js')).adminCommand,
};

const storeCommands: Record<string, () => Promise<StoreCommand>> = {
  doctor: async () => (await import('./admin/commands/doctor-command.js')).doctorCommand,
  backup: async () => (await import('./admin/commands/backup-command.js')).backupCommand,
  restore: async () => (await import('./admin/commands/backup-command.js')).restoreCommand,
};

// By default Node lets garbage grow to several times the memory in use. A command shares its machine with the
// site, so it collects garbage after a third as much.
setFlagsFromString('--heap-growing-percent=30');
// A reader such as `head` may close the pipe early. The command still finishes its work.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.exitCode = 1;
});
process.exitCode = await run(process.argv.slice(2));

async function run([name = '', ...args]: string[]): Promise<number> {
  let config: Config | undefined;
  if (name === 'help' || args[0] === 'help') {
    console.info(USAGE);
    return 0;
  }
  try {
    const work = await parseCommand(name, args);
    config = readConfig();
    await work(config);
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    console.error(isUsage ? `${error.message}\n\n${USAGE}` : explain(error, config));
    return isUsage ? 2 : 1;
  }
}

async function parseCommand(name: string, args: string[]): Promise<(config: Config) => Promise<void>> {
  const loadStoreCommand = Object.hasOwn(storeCommands, name) ? storeCommands[name] : undefined;
  if (loadStoreCommand) {
    const work = (await loadStoreCommand())(args);
    return (config) => work({ config });
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) throw new UsageError(name ? `there is no command ${name}` : 'which command?');
  const work = (await load())(args);
  return (config) => withDatabase(name, work, config);
}

async function withDatabase(
  name: string,
  work: (context: Context) => Promise<void>,
  config: Config,
): Promise<void> {
  const db = await openDatabase(config, (line) => process.stderr.write(`${line}\n`));
  try {
    if (name !== 'migrate') {
      await migrateUp(db);
      await adoptLedger(db);
    }
    await work({ db, config });
  } finally {
    await db.destroy();
  }
}
