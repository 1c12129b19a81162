// Shows times in the reader's own language and time zone. Without this script they are in UTC, and say so.

const locale = navigator.language;
const moments = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
const days = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });

for (const time of document.querySelectorAll('time[datetime]')) {
  const format = 'day' in time.dataset ? days : moments;
  time.textContent = format.format(new Date(time.dateTime));
  // A screen reader then reads the name of a month in its own language.
  time.lang = locale;
}
