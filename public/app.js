// What the pages gain from a script beyond htmx; all of them work without it.

// A replaced part of the page is not read out by itself: say what it says in the one place that is.
document.addEventListener('htmx:after:swap', (event) => {
  if (event.target.id === 'board') return;
  swapped = performance.now();
  document.querySelector('main > .flash')?.remove();
  speak();
  // The button that was pressed may be gone: the work goes on at the pair, or at what is said instead of one. For
  // who answers by single keys that is the question, so that Space skips and does not press a button.
  const next =
    document.getElementById(byKey ? 'question' : 'choose-left') ?? document.getElementById('question');
  if (document.activeElement === document.body) next?.focus();
});

// What the page says of the vote, and the pair or what is there instead of one.
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

// A vote on the front page, or one whose answer was loaded as a page, ends here: it is said, and the work goes on.
if (document.querySelector('#pair [data-spoken]')) {
  document.getElementById('question').focus({ preventScroll: true });
  setTimeout(speak, 300);
}

// The pictures of the pair that comes next are there before it is, unless data is dear.
const ahead = [];
function fetchAhead() {
  if (navigator.connection?.saveData) return;
  const pictures = (document.getElementById('pair')?.dataset.ahead ?? '').split(' ').filter(Boolean);
  // Held until the next are, so that the browser holds them too.
  ahead.splice(
    0,
    ahead.length,
    ...pictures.map((picture) => Object.assign(new Image(), { src: `/pictures/${picture}` })),
  );
}
addEventListener('load', fetchAhead);
document.addEventListener('htmx:after:swap', fetchAhead);

// The second click of a double click, or a key held down, would answer a pair that nobody has looked at yet.
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

// htmx swaps nothing in when no answer came, so the page stays as it is and says so.
document.addEventListener('htmx:error', (event) => {
  // A board that looks for news by itself tries again; nobody pressed anything.
  if (event.target.id === 'board') return;
  const lost = document.createElement('div');
  lost.className = 'flash bad';
  lost.textContent = 'No answer came. Press the button again: a vote counts once, however often it is sent.';
  // A moment after the one before it went, so that the same words are read out once more.
  setTimeout(() => document.getElementById('notice').replaceChildren(lost), 100);
  if (document.activeElement === document.body) document.getElementById('question')?.focus();
});
document.addEventListener('htmx:before:request', () => document.getElementById('notice').replaceChildren());

for (const input of document.querySelectorAll('input[type="password"]')) {
  const toggle = document.createElement('button');
  toggle.type = 'button';
  toggle.className = 'quiet show-password';
  toggle.textContent = 'Show';
  toggle.setAttribute('aria-label', 'Show password');
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

// What the hint says in words, filling up while one types; those who can't see it have the hint.
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

// A link to pass on is copied at one press; without a script it can be selected as a whole.
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
    say('The link is copied.');
  });
  input.after(copy);
}

// Single keys on the pair page. They can be switched off (WCAG 2.1.4), and never act while something is typed.
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
  // What is behind an open dialog is read out anew as it closes.
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
    // The focus goes with the button when it is replaced, and comes back to the question.
    document.activeElement?.blur();
    button.click();
  }
}

// A Top 20 that is looked at brings itself up to date. It can be told to hold still, for as long as the visit lasts.
const live = document.getElementById('live');
if (live && document.getElementById('board')) keepUpToDate();

function keepUpToDate() {
  const board = () => document.getElementById('board');
  const pause = document.createElement('button');
  pause.type = 'button';
  pause.className = 'plain small pause';
  pause.textContent = 'Pause updates';
  const isPaused = () => pause.getAttribute('aria-pressed') === 'true';
  // Said to those who see by a word beside the button, whose own words stay, and to the others by its state.
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
    // Where the browser can't move a row without taking the focus off it, or the row has left.
    if (focused && document.activeElement === document.body)
      (focused.isConnected ? focused : rows()[Math.min(Number(focused.dataset.rank), rows().length) - 1])
        ?.querySelector('a')
        .focus({ preventScroll: true });
    for (const row of outOfOrder(rows(), before)) mark(row);
    for (const row of rows()) glide(row, before.get(row.id));
    const best = rows().find((row) => !(before.get(row.id)?.rank <= Number(row.dataset.rank)));
    // Not at once: so much moves at the same time that a screen reader may take it for noise and pass over it.
    if (best) setTimeout(say, 1000, `${nameIn(best)} is now ${best.dataset.place}.`);
  });

  const rows = () => [...board().querySelectorAll('tbody tr')];
  const nameIn = (row) => row.querySelector('.name').textContent;
}

// When one climbs, all it passes are pushed down: those that moved are the ones outside the longest run of rows that
// kept their order, and of two that changed places the one that rose.
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

// Storage may be forbidden; then a choice lasts as long as the page.
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
