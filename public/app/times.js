// Shows times in the reader's own language and time zone. Without this script they are in UTC, and say so.

const locale = navigator.language;
const day = { day: 'numeric', month: 'short' };
const formats = {
  moment: { dateStyle: 'long', timeStyle: 'short' },
  day: { dateStyle: 'long' },
  clock: { timeStyle: 'short' },
  // The labels of a chart
  'short-day': day,
  'short-date': { ...day, year: 'numeric' },
  'short-hour': { weekday: 'short', hour: '2-digit', minute: '2-digit' },
};
const formatters = {};

function show() {
  for (const element of document.querySelectorAll('[data-as]')) {
    const { as, at } = element.dataset;
    formatters[as] ??= new Intl.DateTimeFormat(locale, formats[as]);
    element.textContent = formatters[as].format(new Date(at ?? element.dateTime));
    // A screen reader then reads the name of a month in its own language.
    element.setAttribute('lang', locale);
  }
}

document.addEventListener('htmx:after:swap', show);
show();
