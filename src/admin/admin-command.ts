import { type Break, verifyChains } from '../auth/audit/hash-chain.js';
import { endAllSessions, endDevices } from '../auth/sessions/devices.js';
import { recordEvent } from '../auth/sessions/sessions.js';
import { Throttle } from '../auth/sessions/throttle.js';
import { disable, findUser, promote } from '../auth/users/users.js';
import { type Command, readArguments, UsageError } from '../command-line.js';
import type { Database } from '../database.js';
import { count } from '../http/format.js';
import { createLog } from '../log.js';
import { openRedis, PREFIX } from '../redis.js';
import type { VoterEventsTable } from '../schema.js';
import { countVotes } from '../voting/history.js';

/**
 * `admin sessions end --user NAME` or `--all`, `admin users disable NAME`, `admin users unlock NAME`,
 * `admin users promote NAME`, `admin votes void|set-apart|restore NAME`, `admin audit verify`: what an operator can do
 * to accounts and votes, and to their record. Redis need not be reached, except to unlock: the record decides.
 */
export const adminCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, { user: { type: 'string' }, all: { type: 'boolean' } });
  const [what, verb, name, ...more] = positionals;
  if (what === 'sessions' && verb === 'end' && name === undefined) return endSessions(values);
  if (what === 'audit' && verb === 'verify' && name === undefined) return verifyAudit;
  if (what === 'votes' && name !== undefined && more.length === 0) {
    if (verb === 'void') return changeVoter(name, 'voided');
    if (verb === 'set-apart') return changeVoter(name, 'set apart');
    if (verb === 'restore') return changeVoter(name, 'restored');
  }
  if (what === 'users' && name !== undefined && more.length === 0) {
    if (verb === 'disable') return changeUser(name, disable, 'disabled, and logged out everywhere');
    if (verb === 'unlock') return unlockUser(name);
    if (verb === 'promote') return changeUser(name, promote, 'an admin now');
  }
  throw new UsageError(
    'admin takes: sessions end --user NAME, sessions end --all, users disable NAME, users unlock NAME, ' +
      'users promote NAME, votes void NAME, votes set-apart NAME, votes restore NAME, audit verify',
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

function changeVoter(name: string, kind: VoterEvent): ReturnType<Command> {
  return async ({ db }) => {
    const user = await findUser(db, name);
    await db.transaction().execute(async (trx) => {
      await trx.insertInto('voterEvents').values({ voterId: user.id, kind }).execute();
      await recordEvent(trx, { kind: sessionEvents[kind], userId: user.id, sessionId: null });
    });
    const votes = count(await countVotes(db, user.id), 'vote');
    console.info(`${votes} of ${user.username} ${outcomes[kind]}. The ranking follows in a moment.`);
  };
}

type VoterEvent = VoterEventsTable['kind'];

const outcomes: Record<VoterEvent, string> = {
  voided: 'count no more',
  'set apart': 'are left out of the ranking',
  restored: 'count again',
};

const sessionEvents: Record<VoterEvent, string> = {
  voided: 'votes-voided',
  'set apart': 'votes-set-apart',
  restored: 'votes-restored',
};

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

async function tell(db: Database, { userId, sequence, what }: Break): Promise<string> {
  const event = sequence === undefined ? '' : `event ${sequence} of `;
  if (userId === null) return `the record was tampered with: ${event}nobody in particular ${what}`;
  const user = await db.selectFrom('users').where('id', '=', userId).select('username').executeTakeFirst();
  return `the record was tampered with: ${event}${user?.username ?? 'somebody'} (person ${userId}) ${what}`;
}
