// Adds a button that copies a shared link. Without a script, people can select the text of the link.
import { say } from './say.js';

const SHOWN_MS = 3_000;

for (const input of document.querySelectorAll('[data-copy]')) {
  input.addEventListener('focus', () => input.select());
  if (!navigator.clipboard) continue;
  const copy = document.createElement('button');
  copy.type = 'button';
  copy.className = 'quiet copy';
  // The visible word changes. The rest tells screen readers which link it copies.
  const word = document.createElement('span');
  word.textContent = 'Copy';
  const rest = document.createElement('span');
  rest.className = 'unseen';
  rest.textContent = ` ${input.labels[0]?.textContent.trim().replace(/^The/, 'the') ?? ''}`;
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
      await navigator.clipboard.writeText(input.value);
      show('Copied', 'Link copied.');
    } catch {
      input.select();
      show('Selected', 'Couldn’t copy. The link is selected, so you can copy it yourself.');
    }
  });
  input.after(copy);
}
