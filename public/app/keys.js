// Single-key shortcuts on the pair page. People can switch them off (WCAG 2.1.4). They do nothing in a text field.
import { pressFor } from './press.js';
import { say } from './say.js';
import { remember, remembered } from './storage.js';

const buttons = new Map([
  ...['ArrowLeft', '1'].map((key) => [key, 'choose-left']),
  ...['ArrowRight', '2'].map((key) => [key, 'choose-right']),
  ...['ArrowDown', '0'].map((key) => [key, 'choose-tie']),
  ...['s', ' '].map((key) => [key, 'choose-skip']),
  ['u', 'undo'],
  ['n', 'away'],
]);
const dialog = document.getElementById('keys');
const keysOn = document.getElementById('keys-on');
const opener = document.getElementById('show-keys');

opener.hidden = false;
opener.addEventListener('click', showKeys);
keysOn.checked = remembered('keys', 'localStorage') !== 'off';
keysOn.addEventListener('change', () => remember('keys', keysOn.checked ? 'on' : 'off', 'localStorage'));
document.addEventListener('keydown', pressByKey);

function showKeys() {
  // When a dialog closes, screen readers read the live region behind it again.
  say('');
  dialog.showModal();
}

function pressByKey(event) {
  const { key, target } = event;
  if (!keysOn.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat || dialog.open)
    return;
  if (event.shiftKey && key !== '?') return;
  if (target.closest('input, select, textarea, [contenteditable]')) return;
  if (key === '?') return showKeys();
  if (key === ' ' && target.closest('button, a, summary')) return;
  const id = buttons.get(key.length === 1 ? key.toLowerCase() : key);
  // The first pair in person has two such buttons. The key presses the left one.
  const button =
    id === 'away' ? document.querySelector('#away-left, #away-right') : document.getElementById(id);
  if (!button) return;
  event.preventDefault();
  pressFor(button);
}
