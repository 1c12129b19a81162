import { checkRecord } from '../../auth/audit/check-record.js';
import { findUser } from '../../auth/users/users.js';
import { type Command, readArguments, UsageError } from '../../command-line.js';
import { count, moment } from '../../http/format.js';
import { listActivity } from '../activity/activity.js';
import { ACTIVITY_FILTERS } from '../activity/kinds.js';
import { type AdminOptions, type AdminTask, onlyName } from './admin-task.js';
import { peopleTasks } from './people-tasks.js';
import { reviewTasks } from './review-tasks.js';
import { siteTasks } from './site-tasks.js';
import { stuffingTasks } from './stuffing-tasks.js';
import { topicTasks } from './topic-tasks.js';

/**
 * `admin`: what an operator does to people, votes, topics and the site, and the audit record. Only `users unlock`
 * needs Redis, because Postgres decides whether a session is valid.
 */
export const adminCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, {
    user: { type: 'string' },
    all: { type: 'boolean' },
    reason: { type: 'string' },
    show: { type: 'string' },
  });
  const [group = '', action, ...words] = positionals;
  if (group === 'activity' && action === undefined) return printActivity;
  const name = `${group} ${action}`;
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (!task) throw new UsageError(`admin does not know "${positionals.join(' ')}"`);
  return task(words, values);
};

const tasks: Record<string, AdminTask> = {
  ...peopleTasks,
  ...topicTasks,
  ...siteTasks,
  ...reviewTasks,
  ...stuffingTasks,
  'record list': listRecord,
  'audit verify': (words) => {
    if (words.length > 0) throw new UsageError('audit verify takes nothing');
    return verifyAudit;
  },
};

type Task = ReturnType<Command>;

function listRecord(names: string[], { show = 'admins' }: AdminOptions): Task {
  const filter = ACTIVITY_FILTERS.find((known) => known === show);
  if (!filter) throw new UsageError(`--show takes ${ACTIVITY_FILTERS.join(', ')}`);
  const name = names.length > 0 ? onlyName(names) : undefined;
  return async ({ db }) => {
    const personId = name === undefined ? undefined : (await findUser(db, name)).id;
    const { entries } = await listActivity(db, { filter, personId });
    if (entries.length === 0) console.info('Nothing so far.');
    for (const { at, text, by, about, note } of entries) {
      const what = [text, about?.text, note].filter(Boolean).join(': ');
      console.info(`${moment(at)}, ${by?.username ?? 'the site'}: ${what}`);
    }
  };
}

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
  const { events, chains, finding } = await checkRecord(db);
  if (finding) throw new Error(`the record was tampered with: ${finding}`);
  console.info(
    `${count(events, 'event')} in ${count(chains, 'chain')} ${events === 1 ? 'is' : 'are'} whole.`,
  );
};
