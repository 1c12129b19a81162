type Details = Record<string, string | number | boolean | null>;

/**
 * Describes an event of a topic in a few words, with what else is known of it: "Role taken", "role: organiser". The
 * clock and operators have no name.
 */
export function describeTopicEvent({ kind, details }: { kind: string; details: Details }): {
  text: string;
  more: string;
} {
  const { by, ...others } = details;
  const known = Object.entries(others).filter(([, value]) => value !== null && value !== '');
  const text = kind.charAt(0).toUpperCase() + kind.slice(1);
  return {
    text: by === 'schedule' ? `${text} on schedule` : text,
    more: known.map(([name, value]) => `${name}: ${value}`).join(', '),
  };
}
