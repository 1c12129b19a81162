// Improvements beyond htmx. Every page works without this script.

// A screen reader does not read a replaced part of the page by itself. So its text is copied to the live region.
document.addEventListener('htmx:after:swap', (event) => {
  if (event.target.id === 'board') return;
  swapped = performance.now();
  document.querySelector('main > .flash')?.remove();
  speak();
  // The pressed button may be gone, so the focus moves to the new pair or to the message in its place. After a
  // single key it moves to the question. Otherwise Space would press a button instead of skipping.
  const next =
    document.getElementById(byKey ? 'question' : 'choose-left') ?? document.getElementById('question');
  if (document.activeElement === document.body) next?.focus();
});

// Reads out the receipt and the next pair, or the message in its place.
function speak() {
  const said = [...document.querySelectorAll('[data-spoken]')]
    .reverse()
    .map(({ textContent }) => textContent.trim().replace(/[^.?!]$/, '$&.'));
  const [left, right] = [...document.querySelectorAll('#pair .choice .name')].map((name) => name.textContent);
  say([...said, right ? `Next: ${left} or ${right}.` : ''].join(' ').trim());
}

function say(text) {
  document.getElementById('spoken').textContent = text;
}

// This page was loaded as the answer to a vote, for example to one on the front page.
if (document.querySelector('#pair [data-spoken]')) {
  document.getElementById('question').focus({ preventScroll: true });
  setTimeout(speak, 300);
}

// Loads the pictures of the next pair ahead, unless the visitor saves data.
const ahead = [];
function fetchAhead() {
  if (navigator.connection?.saveData) return;
  const pictures = (document.getElementById('pair')?.dataset.ahead ?? '').split(' ').filter(Boolean);
  // The browser keeps a picture only while something refers to it.
  ahead.splice(
    0,
    ahead.length,
    ...pictures.map((picture) => Object.assign(new Image(), { src: `/pictures/${picture}` })),
  );
}
addEventListener('load', fetchAhead);
document.addEventListener('htmx:after:swap', fetchAhead);

// Without this, the second click of a double click or a key held down would vote on a pair that nobody has seen yet.
let swapped = document.querySelector('#pair [data-spoken]') ? performance.now() : Number.NEGATIVE_INFINITY;
document.addEventListener(
  'click',
  (event) => {
    if (performance.now() - swapped > 350 || !event.target.closest('#pair button')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
document.addEventListener('keydown', (event) => {
  if (event.repeat && event.key === 'Enter' && event.target.closest('#pair')) event.preventDefault();
});

// Without an answer, htmx leaves the page as it is. So this shows a message.
document.addEventListener('htmx:error', (event) => {
  // The board polls by itself and will try again. Nobody pressed anything.
  if (event.target.id === 'board') return;
  const lost = document.createElement('div');
  lost.className = 'flash bad';
  lost.textContent = 'Couldn’t connect. Press the button again. Your vote counts only once.';
  // With the pause, a screen reader reads the same message again.
  setTimeout(() => document.getElementById('notice').replaceChildren(lost), 100);
  if (document.activeElement === document.body) document.getElementById('question')?.focus();
});
document.addEventListener('htmx:before:request', () => document.getElementById('notice').replaceChildren());

for (const input of document.querySelectorAll('input[type="password"]')) {
  const toggle = document.createElement('button');
  toggle.type = 'button';
  toggle.className = 'quiet show-password';
  toggle.textContent = 'Show';
  toggle.setAttribute('aria-label', `Show ${input.labels[0].textContent.toLowerCase()}`);
  toggle.setAttribute('aria-pressed', 'false');
  toggle.addEventListener('click', () => {
    const shown = input.type === 'password';
    input.type = shown ? 'text' : 'password';
    toggle.textContent = shown ? 'Hide' : 'Show';
    toggle.setAttribute('aria-pressed', String(shown));
  });
  input.after(toggle);
  if (input.autocomplete === 'new-password') showLength(input);
}

// A bar that fills up while somebody types. The hint says the same in words, so screen readers skip the bar.
function showLength(input) {
  const meter = document.createElement('meter');
  const good = Number(input.dataset.good);
  Object.assign(meter, { min: 0, max: good, low: input.minLength, high: good - 1, optimum: good });
  meter.className = 'password-length';
  meter.setAttribute('aria-hidden', 'true');
  input.addEventListener('input', () => {
    meter.value = [...input.value].length;
  });
  document.getElementById('password-hint').after(meter);
}

// Adds a button that copies a shared link. Without a script, people can select the text of the link.
for (const input of document.querySelectorAll('[data-copy]')) {
  input.addEventListener('focus', () => input.select());
  if (!navigator.clipboard) continue;
  const copy = document.createElement('button');
  copy.type = 'button';
  copy.className = 'quiet copy';
  copy.textContent = 'Copy';
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(input.value);
    copy.textContent = 'Copied';
    say('Link copied.');
  });
  input.after(copy);
}

// Single-key shortcuts on the pair page. People can switch them off (WCAG 2.1.4). They do nothing in a text field.
const buttons = { ArrowLeft: 'choose-left', 1: 'choose-left', ArrowRight: 'choose-right', 2: 'choose-right' };
Object.assign(buttons, {
  ArrowDown: 'choose-tie',
  0: 'choose-tie',
  s: 'choose-skip',
  ' ': 'choose-skip',
  u: 'undo',
});
const keys = document.getElementById('keys');
const keysOn = document.getElementById('keys-on');
let byKey = false;
if (keys) {
  const opener = document.getElementById('show-keys');
  opener.hidden = false;
  opener.addEventListener('click', showKeys);
  keysOn.checked = remembered('keys', 'localStorage') !== 'off';
  keysOn.addEventListener('change', () => remember('keys', keysOn.checked ? 'on' : 'off', 'localStorage'));
  document.addEventListener('keydown', pressByKey);
  document.addEventListener('pointerdown', () => {
    byKey = false;
  });
}

function showKeys() {
  // When a dialog closes, screen readers read the live region behind it again.
  say('');
  keys.showModal();
}

function pressByKey(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || keys.open) return;
  if (event.shiftKey && key !== '?') return;
  if (target.closest('input, select, textarea, [contenteditable]')) return;
  if (key === '?' && keysOn.checked) return showKeys();
  const name = key.length === 1 ? key.toLowerCase() : key;
  const button = Object.hasOwn(buttons, name) && document.getElementById(buttons[name]);
  if (key === 'Enter' || (key === ' ' && target.closest('button, a, summary'))) byKey = false;
  else if (button && keysOn.checked) {
    byKey = true;
    event.preventDefault();
    // A focused button would take the focus with it when it is replaced. Then the question could not get it.
    document.activeElement?.blur();
    button.click();
  }
}

// The Top 20 updates itself while the page is visible. Visitors can pause it until they close the tab.
const live = document.getElementById('live');
if (live && document.getElementById('board')) keepUpToDate();

function keepUpToDate() {
  const board = () => document.getElementById('board');
  const pause = document.createElement('button');
  pause.type = 'button';
  pause.className = 'plain small pause';
  pause.textContent = 'Pause updates';
  const isPaused = () => pause.getAttribute('aria-pressed') === 'true';
  // The text of the button stays the same, so this word shows the state. Screen readers read aria-pressed instead.
  const state = document.createElement('span');
  state.className = 'note';
  state.textContent = 'Paused';
  state.setAttribute('aria-hidden', 'true');
  const setPaused = (paused) => {
    pause.setAttribute('aria-pressed', String(paused));
    state.hidden = !paused;
  };
  setPaused(remembered('paused', 'sessionStorage') === 'true');
  pause.addEventListener('click', () => {
    setPaused(!isPaused());
    remember('paused', isPaused(), 'sessionStorage');
    look();
  });
  live.append(pause, state);

  const look = () => board().dispatchEvent(new Event('look'));
  document.addEventListener('visibilitychange', look);
  document.addEventListener('htmx:config:request', (event) => {
    if (event.target.id === 'board' && (document.hidden || isPaused())) event.preventDefault();
  });

  let before = new Map();
  let focused;
  let scroll;
  document.addEventListener('htmx:before:swap', (event) => {
    if (event.target.id !== 'board') return;
    before = new Map(rows().map((row) => [row.id, { rank: Number(row.dataset.rank), top: row.offsetTop }]));
    focused = document.activeElement?.closest('#board tr');
    scroll = window.scrollY;
  });
  document.addEventListener('htmx:after:swap', (event) => {
    if (event.target.id !== 'board') return;
    if (window.scrollY !== scroll) window.scrollTo({ top: scroll, behavior: 'instant' });
    // Some browsers lose the focus when they move a row. It is also lost when the row has left the board.
    if (focused && document.activeElement === document.body)
      (focused.isConnected ? focused : rows()[Math.min(Number(focused.dataset.rank), rows().length) - 1])
        ?.querySelector('a')
        .focus({ preventScroll: true });
    for (const row of outOfOrder(rows(), before)) mark(row);
    for (const row of rows()) glide(row, before.get(row.id));
    const best = rows().find((row) => !(before.get(row.id)?.rank <= Number(row.dataset.rank)));
    // With so many changes at once, a screen reader may skip a message that comes right away.
    if (best) setTimeout(say, 1000, `${nameIn(best)} is now ${best.dataset.place}.`);
  });

  const rows = () => [...board().querySelectorAll('tbody tr')];
  const nameIn = (row) => row.querySelector('.name').textContent;
}

// A row that climbs pushes all the rows it passes down, but only the climber should be marked. So this finds the longest
// run of rows that kept their order and returns all others. If two rows swapped, it returns the one that rose.
function outOfOrder(rows, before) {
  const ranks = rows.map((row) => before.get(row.id)?.rank ?? Number.NaN);
  const runs = [];
  let kept = [];
  for (const [index, rank] of ranks.entries()) {
    let longest = [];
    for (const run of runs) if (ranks[run.at(-1)] < rank && run.length >= longest.length) longest = run;
    runs.push([...longest, index]);
    if (rank && longest.length >= kept.length - 1) kept = runs[index];
  }
  return rows.filter((_row, index) => !kept.includes(index));
}

function mark(row) {
  row.classList.add('moved');
  setTimeout(() => row.classList.remove('moved'), 4000);
}

function glide(row, before) {
  if (!before || before.top === row.offsetTop) return;
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  row.animate([{ transform: `translateY(${before.top - row.offsetTop}px)` }, { transform: 'none' }], {
    duration: 500,
    easing: 'ease-in-out',
  });
}

// Browsers may forbid storage. Then a choice lasts only as long as the page.
function remembered(name, storage) {
  try {
    return globalThis[storage].getItem(name);
  } catch {
    return null;
  }
}

function remember(name, value, storage) {
  try {
    globalThis[storage].setItem(name, value);
  } catch {}
}
