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
export function describeTopicEvent({ kind, details }: { kind: string; details: Details }): {
  text: string;
  more: string;
} {
  const what = kind.charAt(0).toUpperCase() + kind.slice(1);
  const count = details.count === undefined ? '' : `: ${details.count}`;
  const known = Object.entries(details).flatMap(([field, value]) => {
    const phrase = PHRASES[field];
    return phrase && value !== null && value !== '' ? [phrase(String(value))] : [];
  });
  return {
    text: `${what}${count}${details.by === 'schedule' ? ' on schedule' : ''}`,
    more: known.join(', '),
  };
}
