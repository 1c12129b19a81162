// Adds a button that copies a shared link. Without a script, people can select the text of the link.
import { say } from './say.js';

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
