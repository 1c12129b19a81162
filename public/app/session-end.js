// Warns people who are about to be logged out, and lets them stay logged in (WCAG 2.2.1).

const WARN_BEFORE_S = 120;
const dialog = document.getElementById('session-end');
const lost = dialog.querySelector('.error');
let endsAt = Date.now() + 1000 * dialog.dataset.seconds;
let timer;

const secondsLeft = () => Math.round((endsAt - Date.now()) / 1000);

// Another tab may have moved the deadline. So the server is asked before a warning, as a poll that moves nothing.
async function look() {
  if (secondsLeft() <= WARN_BEFORE_S) await ask('GET', { 'Thinga-Poll': 'true' });
  const left = secondsLeft();
  if (left <= 0) show('over');
  else if (left > WARN_BEFORE_S) dialog.close();
  else if (!dialog.open) show('soon');
  clearTimeout(timer);
  // A tab in the background may be woken late, so every step looks at the clock.
  const next = left > WARN_BEFORE_S ? left - WARN_BEFORE_S : left + 1;
  if (left > 0) timer = setTimeout(look, 1000 * next);
}

/** Returns whether the server answered. */
async function ask(method, headers = {}) {
  const answer = await fetch('/profile/sessions/current', { method, headers }).catch(() => undefined);
  if (answer?.status === 401) endsAt = 0;
  read(answer?.headers);
  return answer?.ok || endsAt === 0;
}

function read(headers) {
  const seconds = headers?.get('Thinga-Session-Seconds');
  if (seconds) endsAt = Date.now() + 1000 * seconds;
}

// Shows one part of the dialog: there is time to stay ('soon'), there is none ('last'), or it is 'over'.
function show(state) {
  for (const part of dialog.querySelectorAll('[data-state]')) part.hidden = part.dataset.state !== state;
  dialog.setAttribute('aria-labelledby', `session-end-${state}`);
  dialog.setAttribute('aria-describedby', `session-end-${state}-text`);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector(`[data-state="${state}"] :is(a, button)`).focus();
}

// Escape does the same: nobody closes the warning in order to be logged out.
async function stay(event) {
  event.preventDefault();
  const isAnswered = await ask('POST');
  lost.hidden = isAnswered;
  if (!isAnswered) return;
  if (secondsLeft() > WARN_BEFORE_S || secondsLeft() <= 0) look();
  else show('last');
}

dialog.querySelector('[data-state="soon"] form').addEventListener('submit', stay);
dialog.addEventListener('cancel', (event) => {
  if (!dialog.querySelector('[data-state="soon"]').hidden) stay(event);
});
// The single keys of the pair page must not vote behind the dialog.
dialog.addEventListener('keydown', (event) => event.stopPropagation());
// An answer to htmx may have moved the deadline.
document.addEventListener('htmx:after:request', ({ detail }) => read(detail.ctx.response?.headers));
document.addEventListener('visibilitychange', look);
look();
