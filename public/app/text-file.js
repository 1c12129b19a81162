// Reads a chosen text file into the field above it, where its things can be seen and mended before they are sent.
import { say } from './say.js';

for (const input of document.querySelectorAll('[data-text-file]')) {
  const field = document.getElementById(input.dataset.textFile);
  input.addEventListener('change', async () => {
    const [file] = input.files;
    if (!file) return;
    const text = await file.text();
    const typed = field.value.trimEnd();
    field.value = typed === '' ? text : `${typed}\n${text}`;
    input.value = '';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.focus();
    say(`${file.name} is in the field now.`);
  });
}
