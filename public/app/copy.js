// Adds a button that copies a link or a code. Without a script, people can select the text.
import { say } from './say.js';

const SHOWN_MS = 3_000;

for (const field of document.querySelectorAll('[data-copy]')) {
  const noun = field.dataset.copy || 'Link';
  const select = () => (field.select ? field.select() : getSelection().selectAllChildren(field));
  field.addEventListener('focus', select);
  if (!navigator.clipboard) continue;
  const copy = document.createElement('button');
  copy.type = 'button';
  // The visible word changes. The rest tells screen readers what it copies.
  const word = document.createElement('span');
  word.textContent = 'Copy';
  const rest = document.createElement('span');
  rest.className = 'unseen';
  rest.textContent = ` ${field.labels[0]?.textContent.trim().replace(/^The/, 'the') ?? ''}`;
  copy.append(word, rest);
  let restore;
  const show = (label, sentence) => {
    word.textContent = label;
    say(sentence);
    clearTimeout(restore);
    restore = setTimeout(() => {
      word.textContent = 'Copy';
    }, SHOWN_MS);
  };
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      show('Copied', `${noun} copied.`);
    } catch {
      select();
      show('Selected', `Couldn’t copy. The ${noun.toLowerCase()} is selected, so you can copy it yourself.`);
    }
  });
  const actions = field.matches('output') ? field.closest('.card').querySelector('.actions') : null;
  copy.className = actions ? 'plain' : 'quiet copy';
  if (actions) actions.append(copy);
  else field.after(copy);
}
