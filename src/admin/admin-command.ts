import { type Break, verifyChains } from '../auth/audit/hash-chain.js';
import { recordEvent } from '../auth/audit/record-event.js';
import { makeResetLink, RESET_LINK_HOURS } from '../auth/recovery/reset-link.js';
import { endAllSessions, endSessions } from '../auth/sessions/end-sessions.js';
import { Throttle } from '../auth/sessions/throttle.js';
import { disableUser, findUser, promoteUser } from '../auth/users/users.js';
import { type Command, readArguments, UsageError } from '../command-line.js';
import type { Database } from '../database.js';
import { count, moment } from '../http/format.js';
import { createLog } from '../log.js';
import { openRedis, PREFIX } from '../redis.js';
import type { VoterEventsTable } from '../schema.js';
import { countVotes } from '../voting/history.js';

/**
 * `admin`: what an operator can do to accounts and their votes, and the check of the audit record. Only
 * `users unlock` needs Redis, because Postgres decides whether a session is valid.
 */
export const adminCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, { user: { type: 'string' }, all: { type: 'boolean' } });
  const [group, action, name, ...rest] = positionals;
  const command = `${group} ${action}`;
  if (command === 'sessions end' && name === undefined) return endSessionsOf(values);
  if (command === 'audit verify' && name === undefined) return verifyAudit;
  if (group === 'activity' && action === undefined) return printActivity;
  if (group === 'reset-link' && action !== undefined && name === undefined) return printResetLink(action);
  const userCommand = rest.length === 0 ? userCommands[command] : undefined;
  if (userCommand && name !== undefined) return userCommand(name);
  throw new UsageError(
    'admin takes: sessions end --user NAME, sessions end --all, users disable NAME, users unlock NAME, ' +
      'users promote NAME, reset-link NAME, votes void NAME, votes set-apart NAME, votes restore NAME, activity, audit verify',
  );
};

type Task = ReturnType<Command>;

const userCommands: Record<string, (name: string) => Task> = {
  'users disable': (name) => changeUser(name, disableUser, 'disabled, and logged out everywhere'),
  'users unlock': unlockUser,
  'users promote': (name) => changeUser(name, promoteUser, 'an admin now'),
  'votes void': (name) => changeVoter(name, 'voided'),
  'votes set-apart': (name) => changeVoter(name, 'set apart'),
  'votes restore': (name) => changeVoter(name, 'restored'),
};

function endSessionsOf({ user: name, all }: { user?: string; all?: boolean }): Task {
  if ((name === undefined) === !all) throw new UsageError('sessions end takes either --user NAME or --all');
  return async ({ db }) => {
    const ended =
      name === undefined
        ? await endAllSessions(db, 'operator')
        : (await endSessions(db, (await findUser(db, name)).id, { reason: 'operator' })).length;
    console.info(`${count(ended, 'session')} ended.`);
  };
}

function changeUser(name: string, change: typeof disableUser, outcome: string): Task {
  return async ({ db }) => {
    const user = await findUser(db, name);
    await change(db, user.id);
    console.info(`${user.username} is ${outcome}.`);
  };
}

function unlockUser(name: string): Task {
  return async ({ db, config, prefix = PREFIX }) => {
    const user = await findUser(db, name);
    if (!config.redisUrl)
      throw new Error(
        'without REDIS_URL failed log-ins are counted by the running site: a restart forgets them',
      );
    const redis = await openRedis(config.redisUrl, createLog('silent'));
    try {
      await new Throttle(redis, prefix).unlock(user.username);
      await new Throttle(redis, `${prefix}recovery:`).unlock(user.username);
    } finally {
      redis.disconnect();
    }
    await recordEvent(db, { kind: 'unlocked', userId: user.id, sessionId: null });
    console.info(`${user.username} may log in from any device again.`);
  };
}

function printResetLink(name: string): Task {
  return async ({ db, config }) => {
    const user = await findUser(db, name);
    const link = await makeResetLink({ db, config }, { userId: user.id, operatorId: null });
    console.info(
      `${link}\nGive it to ${user.username}. It sets a new password, once, within ${RESET_LINK_HOURS} hours.`,
    );
  };
}

function changeVoter(name: string, kind: VoterEvent): Task {
  return async ({ db }) => {
    const user = await findUser(db, name);
    await db.transaction().execute(async (trx) => {
      await trx.insertInto('voterEvents').values({ voterId: user.id, topicId: null, kind }).execute();
      await recordEvent(trx, { kind: auditKinds[kind], userId: user.id, sessionId: null });
    });
    const votes = count(await countVotes(db, user.id), 'vote');
    console.info(`${votes} of ${user.username} ${outcomes[kind]}. The ranking follows in a moment.`);
  };
}

type VoterEvent = VoterEventsTable['kind'];

const auditKinds: Record<VoterEvent, string> = {
  voided: 'votes-voided',
  'set apart': 'votes-set-apart',
  restored: 'votes-restored',
};

const outcomes: Record<VoterEvent, string> = {
  voided: 'count no more',
  'set apart': 'are left out of the ranking',
  restored: 'count again',
};

const printActivity: Task = async ({ db }) => {
  const events = await db
    .selectFrom('siteEvents')
    .innerJoin('topics', 'topics.id', 'siteEvents.topicId')
    .innerJoin('things', 'things.id', 'thingId')
    .select(['at', 'title', 'name', 'details'])
    .orderBy('siteEvents.id', 'desc')
    .limit(50)
    .execute();
  if (events.length === 0) console.info('Nothing so far.');
  for (const { at, title, name, details } of events)
    console.info(
      `${moment(at)}, ${title}: the latest votes push ${name}, ${details.deviation} standard deviations more than expected.`,
    );
};

const verifyAudit: Task = async ({ db }) => {
  const { events, chains, broken } = await verifyChains(db);
  if (broken) throw new Error(await describeBreak(db, broken));
  console.info(
    `${count(events, 'event')} in ${count(chains, 'chain')} ${events === 1 ? 'is' : 'are'} whole.`,
  );
};

async function describeBreak(db: Database, { userId, sequence, finding }: Break): Promise<string> {
  const event = sequence === undefined ? '' : `event ${sequence} of `;
  if (userId === null) return `the record was tampered with: ${event}nobody in particular ${finding}`;
  const user = await db.selectFrom('users').where('id', '=', userId).select('username').executeTakeFirst();
  return `the record was tampered with: ${event}${user?.username ?? 'somebody'} (person ${userId}) ${finding}`;
}
