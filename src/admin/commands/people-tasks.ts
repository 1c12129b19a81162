import { recordEvent } from '../../auth/audit/record-event.js';
import { makeResetLink, RESET_LINK_HOURS } from '../../auth/recovery/reset-link.js';
import { endAllSessions } from '../../auth/sessions/end-sessions.js';
import { Throttle } from '../../auth/sessions/throttle.js';
import { findUser } from '../../auth/users/users.js';
import { type Command, UsageError } from '../../command-line.js';
import { count, moment } from '../../http/format.js';
import { createLog } from '../../log.js';
import { openRedis, PREFIX } from '../../redis.js';
import { countVotes } from '../../voting/history.js';
import {
  approvePerson,
  disablePerson,
  enablePerson,
  endSessionsOf,
  giveRole,
  type PersonAct,
  takeRole,
} from '../people/acts.js';
import { findPeople, PEOPLE_FILTERS } from '../people/find-people.js';
import { refuseAccount } from '../people/refuse-account.js';
import { decideOnVoters, type VoterDecision } from '../people/voters.js';
import { type AdminOptions, type AdminTask, onlyName } from './admin-task.js';

type Task = ReturnType<Command>;

/** What an operator does to people, their sessions and their votes. Admins do the same on the site. */
export const peopleTasks: Record<string, AdminTask> = {
  'users list': listUsers,
  'users disable': (names, { reason }) =>
    changeUser(names, disablePerson, { outcome: 'disabled, and logged out everywhere', note: reason }),
  'users enable': (names) => changeUser(names, enablePerson, { outcome: 'enabled, and may log in again' }),
  'users promote': (names) => changeUser(names, giveRole, { outcome: 'an admin now' }),
  'users demote': (names) => changeUser(names, takeRole, { outcome: 'no longer an admin' }),
  'users approve': (names) => changeUser(names, approvePerson, { outcome: 'let in' }),
  'users refuse': refuseUser,
  'users unlock': unlockUser,
  'users reset-link': printResetLink,
  'sessions end': endSessions,
  'votes void': (names) => changeVoter(names, 'voided'),
  'votes set-apart': (names) => changeVoter(names, 'set apart'),
  'votes restore': (names) => changeVoter(names, 'restored'),
};

function listUsers(texts: string[], { show = 'all' }: AdminOptions): Task {
  const filter = PEOPLE_FILTERS.find((known) => known === show);
  if (!filter || texts.length > 1) throw new UsageError(`--show takes ${PEOPLE_FILTERS.join(', ')}`);
  return async ({ db }) => {
    const { people, found } = await findPeople(db, { query: texts[0] ?? '', filter, page: 1 });
    for (const { username, role, createdAt, isDisabled, isWaiting, lastSeenAt } of people) {
      const states = [
        role === 'admin' && 'admin',
        isDisabled && 'disabled',
        isWaiting && 'waits for approval',
      ];
      const seen = lastSeenAt ? `last active ${moment(lastSeenAt)}` : `joined ${moment(createdAt)}`;
      console.info([username, ...states.filter(Boolean), seen].join(', '));
    }
    console.info(
      `${count(found, 'person', 'people')}${found > people.length ? `, the first ${people.length} listed` : ''}.`,
    );
  };
}

function endSessions(names: string[], { user, all }: AdminOptions): Task {
  if ((user === undefined) === !all || names.length > 0)
    throw new UsageError('sessions end takes either --user NAME or --all');
  if (user !== undefined) return changeUser([user], endSessionsOf, { outcome: 'logged out everywhere' });
  return async ({ db }) => console.info(`${count(await endAllSessions(db, 'operator'), 'session')} ended.`);
}

function changeUser(
  names: string[],
  change: PersonAct,
  { outcome, note = '' }: { outcome: string; note?: string | undefined },
): Task {
  const name = onlyName(names);
  if ([...note].length > 300) throw new UsageError('--reason takes 300 characters at most');
  return async ({ db }) => {
    const user = await findUser(db, name);
    const acted = await db.transaction().execute((trx) => change(trx, 'operator', { userId: user.id, note }));
    if (acted === 'last admin')
      throw new Error(`${user.username} is the only admin: promote someone else first`);
    console.info(`${user.username} is ${outcome}.`);
  };
}

function refuseUser(names: string[]): Task {
  const name = onlyName(names);
  return async ({ db }) => {
    const user = await findUser(db, name);
    if (!(await refuseAccount(db, 'operator', user.id)))
      throw new Error(`${user.username} does not wait for approval`);
    console.info(`${user.username} is refused. The name is free again.`);
  };
}

function unlockUser(names: string[]): Task {
  const name = onlyName(names);
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

function printResetLink(names: string[]): Task {
  const name = onlyName(names);
  return async ({ db, config }) => {
    const user = await findUser(db, name);
    const link = await makeResetLink({ db, config }, user.id);
    console.info(
      `${link}\nGive it to ${user.username}. It sets a new password, once, within ${RESET_LINK_HOURS} hours.`,
    );
  };
}

function changeVoter(names: string[], decision: VoterDecision): Task {
  const name = onlyName(names);
  return async ({ db }) => {
    const user = await findUser(db, name);
    const act = { voterIds: [user.id], decision, about: `person ${user.id}` };
    await db.transaction().execute((trx) => decideOnVoters(trx, 'operator', act));
    const votes = count(await countVotes(db, user.id), 'vote');
    console.info(`${votes} of ${user.username} ${outcomes[decision]}. The ranking follows in a moment.`);
  };
}

const outcomes: Record<VoterDecision, string> = {
  voided: 'count no more',
  'set apart': 'are left out of the ranking',
  restored: 'count again',
};
