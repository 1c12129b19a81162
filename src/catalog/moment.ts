const MOMENT =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[T ](?<time>\d\d:\d\d)(?::(?<seconds>\d\d)(?<fraction>\.\d{1,9})?)?(?<zone>Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * Reads when something was: a date, which means midnight UTC, or a date and a time with its zone.
 * @returns the moment as both JavaScript and Postgres read it, or what is wrong with it
 */
export function readMoment(text: string): { moment: string } | { what: string } {
  const parts = MOMENT.exec(text)?.groups;
  if (!parts) return { what: 'is not a date such as 2014-01-31 or a time such as 2014-01-31T18:30:00Z' };
  const { date = '', time = '00:00', seconds = '00', fraction = '' } = parts;
  if (parts.time && !parts.zone)
    return { what: 'has no time zone: end it with Z for UTC, or with one such as +02:00' };
  if (!isCalendarDate(date)) return { what: 'is not a date in the calendar' };
  const moment = `${date}T${time}:${seconds}${fraction}${readZone(parts.zone)}`;
  const milliseconds = Date.parse(moment);
  // Date.parse takes 24:00 and any two digits of offset; no place on earth is more than 14 hours from UTC.
  if (Number.isNaN(milliseconds) || time > '23:59' || /[+-](1[5-9]|[2-9]\d):\d\d$/.test(moment))
    return { what: 'has no such time of day or time zone' };
  return milliseconds > Date.now() ? { what: 'is in the future' } : { moment };
}

// Date.parse would make the 2nd of March of the 30th of February, and Postgres knows no year 0.
function isCalendarDate(date: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return (
    !date.startsWith('0') && !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date)
  );
}

function readZone(zone = 'Z'): string {
  const [, sign, hours, minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return sign ? `${sign}${hours}:${minutes}` : 'Z';
}
