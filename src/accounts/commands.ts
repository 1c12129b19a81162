import { type Command, readArguments, UsageError } from '../command-line.js';
import { endAllSessions, endDevices } from '../sessions/devices.js';
import { count } from '../web/words.js';
import { disable, findUser, promote } from './accounts.js';

/**
 * `admin sessions end --user NAME` or `--all`, `admin users disable NAME`, `admin users promote NAME`: what an
 * operator can do to accounts. Redis need not be reached: the record decides.
 */
export const adminCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, { user: { type: 'string' }, all: { type: 'boolean' } });
  const [what, verb, name, ...more] = positionals;
  if (what === 'sessions' && verb === 'end' && name === undefined) return endSessions(values);
  if (what === 'users' && name !== undefined && more.length === 0) {
    if (verb === 'disable') return changeUser(name, disable, 'disabled, and logged out everywhere');
    if (verb === 'promote') return changeUser(name, promote, 'an admin now');
  }
  throw new UsageError(
    'admin takes: sessions end --user NAME, sessions end --all, users disable NAME, users promote NAME',
  );
};

function endSessions({ user: name, all }: { user?: string; all?: boolean }): ReturnType<Command> {
  if ((name === undefined) === !all) throw new UsageError('sessions end takes either --user NAME or --all');
  return async ({ db }) => {
    const ended =
      name === undefined
        ? await endAllSessions(db, 'operator')
        : (await endDevices(db, (await findUser(db, name)).id, 'operator')).length;
    console.info(`${count(ended, 'session')} ended.`);
  };
}

function changeUser(name: string, change: typeof disable, outcome: string): ReturnType<Command> {
  return async ({ db }) => {
    const user = await findUser(db, name);
    await change(db, user.id);
    console.info(`${user.username} is ${outcome}.`);
  };
}
