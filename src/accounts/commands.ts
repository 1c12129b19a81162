import { type Command, readArguments, UsageError } from '../command-line.js';
import type { Database } from '../database.js';
import { createLog } from '../log.js';
import { openRedis, PREFIX } from '../redis.js';
import { type Break, verifyChains } from '../sessions/chain.js';
import { endAllSessions, endDevices } from '../sessions/devices.js';
import { recordEvent } from '../sessions/sessions.js';
import { Throttle } from '../sessions/throttle.js';
import { withdrawVotes } from '../voting/voting.js';
import { count } from '../web/words.js';
import { disable, findUser, promote } from './accounts.js';

/**
 * `admin sessions end --user NAME` or `--all`, `admin users disable NAME`, `admin users unlock NAME`,
 * `admin users promote NAME`, `admin votes void NAME`, `admin audit verify`: what an operator can do to accounts, and to their record. Redis
 * need not be reached, except to unlock: the record decides.
 */
export const adminCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, { user: { type: 'string' }, all: { type: 'boolean' } });
  const [what, verb, name, ...more] = positionals;
  if (what === 'sessions' && verb === 'end' && name === undefined) return endSessions(values);
  if (what === 'audit' && verb === 'verify' && name === undefined) return verifyAudit;
  if (what === 'votes' && verb === 'void' && name !== undefined && more.length === 0) return voidVotes(name);
  if (what === 'users' && name !== undefined && more.length === 0) {
    if (verb === 'disable') return changeUser(name, disable, 'disabled, and logged out everywhere');
    if (verb === 'unlock') return unlockUser(name);
    if (verb === 'promote') return changeUser(name, promote, 'an admin now');
  }
  throw new UsageError(
    'admin takes: sessions end --user NAME, sessions end --all, users disable NAME, users unlock NAME, ' +
      'users promote NAME, votes void NAME, audit verify',
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

function voidVotes(name: string): ReturnType<Command> {
  return async ({ db }) => {
    const user = await findUser(db, name);
    const voided = await db.transaction().execute(async (trx) => {
      await recordEvent(trx, { kind: 'votes-voided', userId: user.id, sessionId: null });
      return withdrawVotes(trx, user.id);
    });
    console.info(
      `${count(voided, 'vote')} of ${user.username} taken back. The ranking forgets them in a moment.`,
    );
  };
}

function unlockUser(name: string): ReturnType<Command> {
  return async ({ db, config, prefix = PREFIX }) => {
    const user = await findUser(db, name);
    if (!config.redisUrl)
      throw new Error(
        'without REDIS_URL failed log-ins are counted by the running site: a restart forgets them',
      );
    const redis = await openRedis(config.redisUrl, createLog('silent'));
    try {
      await new Throttle(redis, prefix).unlock(user.username);
    } finally {
      redis.disconnect();
    }
    await recordEvent(db, { kind: 'unlocked', userId: user.id, sessionId: null });
    console.info(`${user.username} may log in from any device again.`);
  };
}

const verifyAudit: ReturnType<Command> = async ({ db }) => {
  const { events, chains, broken } = await verifyChains(db);
  if (broken) throw new Error(await tell(db, broken));
  console.info(
    `${count(events, 'event')} in ${count(chains, 'chain')} ${events === 1 ? 'is' : 'are'} whole.`,
  );
};

async function tell(db: Database, { userId, place, what }: Break): Promise<string> {
  const event = place === undefined ? '' : `event ${place} of `;
  if (userId === null) return `the record was tampered with: ${event}nobody in particular ${what}`;
  const user = await db.selectFrom('users').where('id', '=', userId).select('username').executeTakeFirst();
  return `the record was tampered with: ${event}${user?.username ?? 'somebody'} (person ${userId}) ${what}`;
}
