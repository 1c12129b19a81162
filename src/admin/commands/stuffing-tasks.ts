import { type Command, UsageError } from '../../command-line.js';
import type { Database } from '../../database.js';
import { count, moment } from '../../http/format.js';
import { decideOnSuspects } from '../stuffing/decide.js';
import { findAlarm, findGroup, listAlarms, listGroups } from '../stuffing/suspects.js';
import { type AdminTask, readId } from './admin-task.js';

type Task = ReturnType<Command>;
type Decision = Parameters<typeof decideOnSuspects>[2]['decision'];

/** What an operator does about votes that may be stuffed. Admins also see the ranking with and without them. */
export const stuffingTasks: Record<string, AdminTask> = {
  'stuffing list': (words) => {
    if (words.length > 0) throw new UsageError('stuffing list takes nothing');
    return printSuspects;
  },
  'stuffing set-apart': (words) => decide(words, 'set apart'),
  'stuffing restore': (words) => decide(words, 'restored'),
};

const printSuspects: Task = async ({ db }) => {
  const [alarms, groups] = [await listAlarms(db), await listGroups(db)];
  for (const { id, at, title, thing, deviation } of alarms)
    console.info(`alarm ${id}, ${moment(at)}, ${title}: ${leanOf(thing, deviation)}`);
  for (const { topicId, group, title, thing, deviation, voters, out, firstAt, lastAt } of groups)
    console.info(
      `group ${topicId} ${group}, ${title}: ${leanOf(thing, deviation)}; ${count(voters, 'voter')}, ` +
        `${out} of them left out, made ${moment(firstAt)} to ${moment(lastAt)}`,
    );
  console.info(`${count(alarms.length, 'alarm')} and ${count(groups.length, 'group')}.`);
};

const leanOf = (thing: string, deviation: number): string =>
  `${deviation < 0 ? 'down with' : 'up with'} ${thing}, ${Math.abs(deviation).toFixed(1)} standard deviations`;

function decide([kind, ...words]: string[], decision: Decision): Task {
  if (kind === 'alarm' && words.length === 1) {
    const id = readId(words[0]);
    return ({ db }) => apply(db, decision, findAlarm(db, id));
  }
  const [topic, group = '', ...more] = words;
  if (kind !== 'group' || more.length > 0 || !/^[0-9a-f]{64}$/.test(group))
    throw new UsageError(
      'stuffing set-apart and restore take what the list names: alarm ID, or group TOPIC CODE',
    );
  const named = { topicId: readId(topic), group };
  return ({ db }) => apply(db, decision, findGroup(db, named));
}

async function apply(
  db: Database,
  decision: Decision,
  finding: ReturnType<typeof findAlarm | typeof findGroup>,
): Promise<void> {
  const found = await finding;
  if (!found) throw new Error('the list has none of this name');
  const changed = await decideOnSuspects(db, 'operator', { ...found, decision });
  const outcome = decision === 'restored' ? 'count again' : 'are left out of the ranking';
  console.info(`The votes of ${count(changed, 'voter')} ${outcome}. The ranking follows in a moment.`);
}
