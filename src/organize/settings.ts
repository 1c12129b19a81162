import type { TopicSettings } from '../catalog/change-topic.js';
import { type Goal, MAX_GOAL, parseGoal } from '../catalog/goal.js';
import type { OrganizedTopic } from '../catalog/organized-topic.js';
import { readTopicLine } from '../catalog/topics.js';
import type { TopicNotes, TopicResults } from '../schema.js';
import { checkTopicTexts, readAccess, type TopicErrors } from './new-topic.js';
import { fromLocalTime, isTimeZone, toLocalTime } from './zoned-time.js';

/** The fields of the settings as the form has them. */
export const SETTINGS_FIELDS = [
  ...(['title', 'question', 'access', 'goal', 'top', 'results', 'opens', 'closes', 'zone'] as const),
  ...(['votes-each', 'suggestions', 'notes', 'origins'] as const),
];

/** What is typed into the form of the settings. */
export type SettingsForm = Record<(typeof SETTINGS_FIELDS)[number], string>;

/** What is wrong with each field. */
export type SettingsErrors = TopicErrors & Partial<Record<keyof SettingsForm, string>>;

/** When a topic opens and closes by itself. */
export interface TopicSchedule {
  opensAt: Date | null;
  closesAt: Date | null;
  timeZone: string;
}

const RESULTS: readonly TopicResults[] = ['always', 'after voting', 'after closing'];
const NOTES: readonly TopicNotes[] = ['none', 'organisers', 'teams'];
const MAX_ORIGINS = 10;
const MAX_VOTES_EACH = 1_000;

/** Fills the form with the settings of a topic. */
export function settingsFormOf({ topic }: Pick<OrganizedTopic, 'topic'>): SettingsForm {
  const goal = parseGoal(topic.goal);
  const time = (at: Date | null): string => (at ? toLocalTime(at, topic.timeZone) : '');
  return {
    ...{ title: topic.title, question: topic.question, access: topic.access, results: topic.results },
    goal: goal === 'order' ? 'order' : goal === 1 ? 'winner' : 'top',
    top: typeof goal === 'number' && goal > 1 ? String(goal) : '5',
    ...{ opens: time(topic.opensAt), closes: time(topic.closesAt), zone: topic.timeZone },
    'votes-each': topic.votesEach === null ? '' : String(topic.votesEach),
    suggestions: topic.takesSuggestions ? '1' : '',
    notes: topic.notes,
    origins: topic.embedOrigins.join('\n'),
  };
}

/** Reads the settings that somebody typed, or what is wrong with them. */
export function readSettings(
  form: SettingsForm,
  topic: OrganizedTopic['topic'],
): { errors: SettingsErrors } | { settings: TopicSettings; schedule: TopicSchedule } {
  const errors: SettingsErrors = checkTopicTexts(form);
  const goal = readGoal(form);
  if (goal === undefined) errors.top = `Write a number of ranks from 2 to ${MAX_GOAL}.`;
  const results = RESULTS.find((choice) => choice === form.results);
  if (!results) errors.results = 'Choose when voters see the ranking.';
  const votesEach = form['votes-each'].trim() === '' ? null : Number(form['votes-each']);
  if (votesEach !== null && !(Number.isInteger(votesEach) && votesEach >= 1 && votesEach <= MAX_VOTES_EACH))
    errors['votes-each'] = 'Write a whole number from 1 to 1,000, or nothing.';
  const origins = form.origins.split(/[\s,]+/).filter((origin) => origin !== '');
  const wrong = origins.find((origin) => readOrigin(origin) === undefined);
  if (wrong !== undefined)
    errors.origins = `“${wrong.slice(0, 80)}” is not an address such as https://example.org`;
  else if (origins.length > MAX_ORIGINS) errors.origins = `Name ${MAX_ORIGINS} sites at most.`;
  const schedule = readSchedule(form, topic, errors);
  if (Object.keys(errors).length > 0 || !schedule || !results || goal === undefined) return { errors };
  return {
    schedule,
    settings: {
      ...{ goal, results, votesEach, takesSuggestions: form.suggestions !== '' },
      notes: NOTES.find((choice) => choice === form.notes) ?? topic.notes,
      title: readTopicLine('title', form.title) ?? topic.title,
      question: readTopicLine('question', form.question) ?? topic.question,
      access: readAccess(form.access) ?? topic.access,
      embedOrigins: [...new Set(origins.map((origin) => readOrigin(origin) ?? ''))],
    },
  };
}

function readGoal({ goal, top }: SettingsForm): Goal | undefined {
  if (goal === 'order' || goal === 'winner') return parseGoal(goal);
  return goal === 'top' && Number(top) > 1 ? parseGoal(`top ${top.trim()}`) : undefined;
}

// Only https, so that nobody on the way can put the page into another frame.
function readOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, search, hash, hostname } = new URL(text);
  // The origin becomes a part of a header, and URLs allow more in a name than that header.
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(hostname)) return undefined;
  const isSafe = protocol === 'https:' || (protocol === 'http:' && hostname === 'localhost');
  return isSafe && pathname === '/' && !search && !hash ? origin : undefined;
}

/** Times that are already set stay valid when they are over. */
function readSchedule(
  form: SettingsForm,
  { opensAt, closesAt }: OrganizedTopic['topic'],
  errors: SettingsErrors,
): TopicSchedule | undefined {
  if (!isTimeZone(form.zone)) {
    errors.zone = 'Choose a time zone of the list, such as Europe/Berlin.';
    return undefined;
  }
  const read = (field: 'opens' | 'closes', before: Date | null): Date | null => {
    if (form[field] === '') return null;
    const at = fromLocalTime(form[field], form.zone);
    if (!at) errors[field] = 'Write a date and a time, such as 2026-11-30 14:00.';
    else if (
      at <= new Date() &&
      at.getTime() !== (before?.getTime() ?? 0) - ((before?.getTime() ?? 0) % 60_000)
    )
      errors[field] = 'This moment is over. Choose a later one.';
    return at ?? null;
  };
  const [opens, closes] = [read('opens', opensAt), read('closes', closesAt)];
  if (opens && closes && closes <= opens) errors.closes = 'It closes before it opens. Choose a later moment.';
  return { opensAt: opens, closesAt: closes, timeZone: form.zone };
}
