const TIMESTAMP =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[T ](?<time>\d\d:\d\d)(?::(?<seconds>\d\d)(?<fraction>\.\d{1,9})?)?(?<zone>Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * Reads a past date (midnight UTC), or a past date and time with its time zone.
 * @returns a timestamp that JavaScript and Postgres read in the same way, or the problem with the text
 */
export function parseTimestamp(text: string): { timestamp: string } | { problem: string } {
  const parts = TIMESTAMP.exec(text)?.groups;
  if (!parts) return { problem: 'is not a date such as 2014-01-31 or a time such as 2014-01-31T18:30:00Z' };
  const { date = '', time = '00:00', seconds = '00', fraction = '' } = parts;
  if (parts.time && !parts.zone)
    return { problem: 'has no time zone: end it with Z for UTC, or with one such as +02:00' };
  if (!isCalendarDate(date)) return { problem: 'is not a date in the calendar' };
  const timestamp = `${date}T${time}:${seconds}${fraction}${parseZone(parts.zone)}`;
  const milliseconds = Date.parse(timestamp);
  // Date.parse accepts 24:00 and any two-digit offset. No place on earth is more than 14 hours from UTC.
  if (Number.isNaN(milliseconds) || time > '23:59' || /[+-](1[5-9]|[2-9]\d):\d\d$/.test(timestamp))
    return { problem: 'has no such time of day or time zone' };
  return milliseconds > Date.now() ? { problem: 'is in the future' } : { timestamp };
}

// Date.parse turns the 30th of February into the 2nd of March. Postgres has no year 0.
function isCalendarDate(date: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return (
    !date.startsWith('0') && !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date)
  );
}

function parseZone(zone = 'Z'): string {
  const [, sign, hours, minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return sign ? `${sign}${hours}:${minutes}` : 'Z';
}
