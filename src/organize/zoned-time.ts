/** Whether a time zone has a name that this program knows, such as `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    return name.length <= 60 && new Intl.DateTimeFormat('en', { timeZone: name }).format() !== '';
  } catch {
    return false;
  }
}

/** The names of all time zones, for a list to choose from. */
export const timeZones = (): string[] => ['UTC', ...Intl.supportedValuesOf('timeZone')];

/** Writes a moment as a form field has it, in a time zone: `2026-11-30T14:05`. */
export function toLocalTime(at: Date, timeZone: string): string {
  const local = new Date(at.getTime() + offsetMs(at, timeZone));
  return local.toISOString().slice(0, 16);
}

/**
 * Reads a time of a form field in a time zone. A time that a change of the clocks skips becomes the one an hour later.
 * @returns undefined when the text is no such time
 */
export function fromLocalTime(text: string, timeZone: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text)) return undefined;
  const asUtc = new Date(`${text.slice(0, 16)}:00Z`);
  if (Number.isNaN(asUtc.getTime()) || asUtc.getUTCFullYear() > 9_000) return undefined;
  if (asUtc.toISOString().slice(0, 16) !== text.slice(0, 16)) return undefined;
  // The offset is that of the moment itself, which is known only when the offset is. Twice is enough.
  const first = new Date(asUtc.getTime() - offsetMs(asUtc, timeZone));
  return new Date(asUtc.getTime() - offsetMs(first, timeZone));
}

function offsetMs(at: Date, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  return local - Math.floor(at.getTime() / 1000) * 1000;
}
