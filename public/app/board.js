// The Top 20, and the Top 3 of the front page, update themselves while the page is visible. Visitors can pause it until
// they close the tab.
import { say } from './say.js';
import { remember, remembered } from './storage.js';

const live = document.getElementById('live');
if (live && document.getElementById('board')) keepUpToDate();

function keepUpToDate() {
  const board = () => document.getElementById('board');
  const pause = document.createElement('button');
  pause.type = 'button';
  pause.className = 'plain small pause';
  // A phone shows the first word only.
  pause.innerHTML = '<span>Pause<span class="long"> updates</span></span>';
  const isPaused = () => pause.getAttribute('aria-pressed') === 'true';
  // The text of the button stays the same, so this word shows the state. Screen readers read aria-pressed instead.
  const paused = document.createElement('span');
  paused.className = 'note';
  paused.textContent = 'Paused';
  paused.setAttribute('aria-hidden', 'true');
  const setPaused = (isOn) => {
    pause.setAttribute('aria-pressed', String(isOn));
    paused.hidden = !isOn;
  };
  setPaused(remembered('paused', 'sessionStorage') === 'true');
  pause.addEventListener('click', () => {
    setPaused(!isPaused());
    remember('paused', isPaused(), 'sessionStorage');
    look();
  });
  live.append(pause, paused);

  const look = () => board().dispatchEvent(new Event('look'));
  document.addEventListener('visibilitychange', look);
  document.addEventListener('htmx:config:request', (event) => {
    if (event.target.id === 'board' && (document.hidden || isPaused())) event.preventDefault();
  });

  let before = new Map();
  let state;
  let focused;
  let scroll;
  document.addEventListener('htmx:before:swap', (event) => {
    if (event.target.id !== 'board') return;
    before = new Map(rows().map((row) => [row.id, { rank: Number(row.dataset.rank), ...placeOf(row) }]));
    state = board().dataset.state;
    focused = document.activeElement?.closest('#board [data-rank]');
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
    // The first table of a topic is all new, so nothing has moved.
    if (before.size > 0) for (const row of outOfOrder(rows(), before)) mark(row);
    for (const row of rows()) glide(row, before.get(row.id));
    const best = rows().find((row) => !(before.get(row.id)?.rank <= Number(row.dataset.rank)));
    // A large screen also tells whether voting is open.
    const news = board().dataset.state === state ? [] : [`${board().dataset.state}.`];
    if (best) news.push(`${nameIn(best)} is now ${best.dataset.place}.`);
    // With so many changes at once, a screen reader may skip a message that comes right away.
    if (news.length > 0) setTimeout(say, 1000, news.join(' '));
  });

  const rows = () => [...board().querySelectorAll('[data-rank]')];
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

const placeOf = (row) => ({ left: row.offsetLeft, top: row.offsetTop });

function glide(row, before) {
  if (!before) return;
  const { left, top } = placeOf(row);
  if (before.left === left && before.top === top) return;
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  row.animate(
    [{ transform: `translate(${before.left - left}px, ${before.top - top}px)` }, { transform: 'none' }],
    {
      duration: 500,
      easing: 'ease-in-out',
    },
  );
}
