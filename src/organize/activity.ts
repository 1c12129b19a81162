import { sql } from 'kysely';
import { moment } from '../http/format.js';

type Details = Record<string, string | number | boolean | null>;

/** How the details of an event are said. Others, such as ids, are not shown. */
const PHRASES: Record<string, (value: string) => string> = {
  name: (name) => name,
  role: (role) => role,
  changed: (fields) => fields,
  into: (name) => `into ${name}`,
  from: (title) => `from ${title}`,
  reason: (reason) => `“${reason}”`,
  opens: (at) => `opens ${moment(new Date(at))}`,
  closes: (at) => `closes ${moment(new Date(at))}`,
};

/**
 * Describes an event of a topic in a few words, with what else is known of it: "Things added: 10", or "Thing merged"
 * and "Owls, into Owl". The clock and operators have no name.
 */
export function describeTopicEvent({ kind, details, person }: TopicEventRow): { text: string; more: string } {
  const what = kind.charAt(0).toUpperCase() + kind.slice(1);
  const count = details.count === undefined ? '' : `: ${details.count}`;
  const known = Object.entries(details).flatMap(([field, value]) => {
    const phrase = PHRASES[field];
    return phrase && value !== null && value !== '' ? [phrase(String(value))] : [];
  });
  return {
    text: `${what}${count}${details.by === 'schedule' ? ' on schedule' : ''}`,
    more: [...(person ? [person] : []), ...known].join(', '),
  };
}

interface TopicEventRow {
  kind: string;
  details: Details;
  /** The name of the person whom the details have by id, as `personOfEvent` reads it. */
  person: string | null;
}

/** Reads the name of the person whom a topic's event is about. Names change, so the details have an id. */
export const personOfEvent = sql<
  string | null
>`(select username from users where id = (details->>'person')::bigint)`;
