// Reads a chosen text file into the field above it, where its things can be seen and mended before they are sent.
import { say } from './say.js';

// As src/catalog/decode-text.ts.
async function read(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

for (const input of document.querySelectorAll('[data-text-file]')) {
  const field = document.getElementById(input.dataset.textFile);
  input.addEventListener('change', async () => {
    const [file] = input.files;
    if (!file) return;
    const text = await read(file);
    const typed = field.value.trimEnd();
    field.value = typed === '' ? text : `${typed}\n${text}`;
    input.value = '';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.focus();
    say(`${file.name} is in the field now.`);
  });
}
