import { closeFlag } from '../../catalog/flags.js';
import { phaseAt } from '../../catalog/phase.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { notFound } from '../../http/problem.js';
import { type DecisionForm, decideByForm } from '../../organize/review.js';

/**
 * Decides about a suggestion in any topic, as a form says.
 * @param act.userId who decides; null for an operator
 * @returns what is wrong with the form; undefined when it is decided
 * @throws Problem 404 when there is no such suggestion
 */
export async function decideAnywhere(
  services: { db: Database; config: Pick<Config, 'maxThingsPerTopic'> },
  act: { suggestionId: number; userId: number | null },
  form: DecisionForm,
): Promise<string | undefined> {
  const topic = await topicOf(services.db, 'suggestions', act.suggestionId);
  if (phaseAt(topic) === 'closed') return CLOSED;
  return decideByForm(services, { ...act, topicId: topic.topicId }, form);
}

/**
 * Closes a flag in any topic.
 * @param act.userId who closes it; null for an operator
 * @throws Problem 404 when there is no such flag
 */
export async function closeFlagAnywhere(
  db: Database,
  act: { flagId: number; userId: number | null },
): Promise<void> {
  const { topicId } = await topicOf(db, 'flags', act.flagId);
  await db.transaction().execute((trx) => closeFlag(trx, { ...act, topicId }));
}

async function topicOf(db: Database, table: 'suggestions' | 'flags', id: number) {
  const topic = await db
    .selectFrom(table)
    .innerJoin('topics', 'topics.id', 'topicId')
    .where(`${table}.id`, '=', id)
    .where('deletedAt', 'is', null)
    .select(['topicId', 'phase', 'opensAt', 'closesAt'])
    .executeTakeFirst();
  if (!topic) throw notFound();
  return topic;
}

const CLOSED = 'Voting is closed in this topic. Its organisers can reopen it to change its things.';
