import { readText } from '../catalog/csv.js';
import { type Decision, decideSuggestion } from '../catalog/suggestions.js';
import { checkThing, NO_CELLS, tidyThing } from '../catalog/thing-fields.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { ReviewForm } from './pages.js';
import { countThings, findThingByName } from './things.js';

/** The fields with which somebody decides about a suggestion. */
export const DECISION_FIELDS = ['name', 'description', 'link', 'into', 'reason', 'action'] as const;

/** What is typed into these fields. */
export type DecisionForm = Record<(typeof DECISION_FIELDS)[number], string>;

/**
 * Decides about a suggestion as a form says.
 * @returns what is wrong with the form; undefined when it is decided
 */
export async function decideByForm(
  { db, config }: { db: Database; config: Pick<Config, 'maxThingsPerTopic'> },
  act: { topicId: number; suggestionId: number; userId: number | null },
  form: DecisionForm,
): Promise<string | undefined> {
  const isFull = (await countThings(db, act.topicId)).all >= config.maxThingsPerTopic;
  const decision = form.action === 'accept' && isFull ? FULL : await readDecision(db, act.topicId, form);
  if ('error' in decision) return decision.error;
  const isDecided = await db.transaction().execute((trx) => decideSuggestion(trx, act, decision));
  return isDecided ? undefined : 'A thing of this topic has this name, or somebody else has decided already.';
}

/** Fills the form of a suggestion with what its voter wrote. */
export const formOf = (one: {
  id: number;
  name: string;
  description: string | null;
  link: string | null;
}): ReviewForm => ({
  ...{ suggestionId: one.id, name: one.name, description: one.description ?? '', link: one.link ?? '' },
  ...{ into: '', reason: '', error: '' },
});

const FULL = { error: 'This topic has as many things as a topic may have.' };

async function readDecision(
  db: Database,
  topicId: number,
  form: DecisionForm,
): Promise<Decision | { error: string }> {
  const [name, description, link, reason] = [form.name, form.description, form.link, form.reason].map(
    readText,
  );
  if (form.action === 'accept') {
    const cells = tidyThing({
      ...NO_CELLS,
      name: name ?? '',
      description: description ?? '',
      link: link ?? '',
    });
    const [problem] = checkThing(cells);
    return problem ? { error: `The ${problem.column} ${problem.message}.` } : { kind: 'accepted', cells };
  }
  if (form.action === 'merge') {
    const thing = await findThingByName(db, topicId, form.into);
    return thing
      ? { kind: 'merged', thingId: thing.id }
      : { error: 'Write the name of a thing of this topic.' };
  }
  if (form.action !== 'refuse') return { error: 'Choose what becomes of it.' };
  const isReason = reason && [...reason].length <= 300;
  return isReason
    ? { kind: 'refused', reason }
    : { error: 'Say in 1 to 300 characters why. The proposer reads it.' };
}
