// A press on the pair is either sent, or refused with a message that people can see and hear. None is lost silently.
import { say } from './say.js';

/**
 * How long a pair must have been on the screen before a press on it counts, in milliseconds. The second click of a
 * double click comes sooner, and would be a vote on a pair that nobody has seen. A key that is pressed twice was
 * meant twice, so a look at the pair is enough.
 */
const MIN_SEEN = { pointer: 350, key: 120 };

/** How long the message about a refused press stays, in milliseconds. */
const MESSAGE_TIME = 4_000;

let device = 'pointer';
/** Whether the last press was a shortcut key. It has no button that could keep the focus. */
let isShortcut = false;
/** The pressed button, until its answer is here. */
let sent;
let shownAt = isAnswer() ? performance.now() : Number.NEGATIVE_INFINITY;
let missed = 0;
let message = '';
let messageTimer;

/** Presses a button of the pair for a shortcut key. */
export function pressFor(button) {
  isShortcut = true;
  // A focused button would take the focus with it when it is replaced. Then the question could not get it.
  if (!refusal()) document.activeElement?.blur();
  button.click();
}

document.addEventListener('pointerdown', () => {
  device = 'pointer';
  isShortcut = false;
});

document.addEventListener(
  'keydown',
  (event) => {
    device = 'key';
    if (event.key === 'Enter') isShortcut = false;
    // A key that is held down is one press.
    if (event.repeat && event.key === 'Enter' && event.target.closest('#pair')) event.preventDefault();
  },
  true,
);

document.addEventListener(
  'click',
  (event) => {
    const button = event.target.closest('#pair form button:not([type])');
    if (!button) return;
    const reason = refusal();
    if (reason) {
      event.preventDefault();
      event.stopImmediatePropagation();
      refuse(reason);
    } else mark(button);
  },
  true,
);

function refusal() {
  if (sent) return 'Still sending.';
  return performance.now() - shownAt < MIN_SEEN[device] ? 'Too quick.' : '';
}

function mark(button) {
  sent = button;
  button.classList.add('pressed');
  for (const other of buttons()) if (other !== button) other.setAttribute('aria-disabled', 'true');
}

function unmark() {
  sent?.classList.remove('pressed');
  sent = undefined;
  for (const button of buttons()) button.removeAttribute('aria-disabled');
}

const buttons = () => document.querySelectorAll('#pair form button');

function refuse(reason) {
  missed++;
  message = `${reason} ${missed === 1 ? 'That press' : `${missed} presses`} didn’t count.`;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => {
    missed = 0;
    message = '';
    showMessage();
  }, MESSAGE_TIME);
  showMessage();
  say(message);
}

function showMessage() {
  const line = document.getElementById('missed');
  if (!line) return;
  line.textContent = message;
  line.hidden = message === '';
}

// The pair is on the screen from the next frame on.
function pairIsNew() {
  sent = undefined;
  shownAt = Number.POSITIVE_INFINITY;
  requestAnimationFrame(() => {
    shownAt = performance.now();
  });
}

let pair = document.getElementById('pair');
document.addEventListener('htmx:after:swap', () => {
  const before = pair;
  pair = document.getElementById('pair');
  if (pair === before) return;
  pairIsNew();
  // A pair that came without a press interrupts nobody.
  if (!before) return;
  showMessage();
  speak();
  keepFocus();
});
document.addEventListener('htmx:finally:request', () => {
  if (sent?.isConnected) unmark();
});
// The browser’s Back button can bring the page back as it was left.
addEventListener('pageshow', ({ persisted }) => persisted && unmark());

// Reads out the result and the next pair, or the message in its place. A screen reader does not read a replaced part
// of the page by itself.
function speak() {
  const said = [...document.querySelectorAll('[data-spoken]')].map(({ textContent }) =>
    textContent
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/[^.?!]$/, '$&.'),
  );
  const stops = [...document.querySelectorAll('#pair .stop')].map(
    ({ textContent }) => `${textContent.trim()}.`,
  );
  const [left, right] = [...document.querySelectorAll('#pair .choice .name')].map((name) => name.textContent);
  say([message, ...said, ...stops, right ? `Next: ${left} or ${right}.` : ''].join(' ').trim());
}

// The pressed button may be gone, so the focus moves to the new pair or to the message in its place. After a shortcut
// key it moves to the question. Otherwise Space would press a button instead of skipping.
function keepFocus() {
  const question = document.getElementById('question');
  // The next texts are read from their beginning.
  if (document.querySelector('#pair.reading')) {
    scrollTo(0, 0);
    question.focus({ preventScroll: true });
  }
  if (document.activeElement !== document.body) return;
  ((!isShortcut && document.getElementById('choose-left')) || question)?.focus();
}

// This page was loaded as the answer to a vote, for example to one on the front page.
if (isAnswer()) {
  document.getElementById('question').focus({ preventScroll: true });
  setTimeout(speak, 300);
}

function isAnswer() {
  return document.querySelector('#pair [data-spoken]') !== null;
}
