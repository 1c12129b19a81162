// Takes pictures on the form of a new topic, and keeps them for the next page, which sends them. Without it, they are
// chosen on that page.
import { say } from './say.js';
import { remember } from './storage.js';
import { keepFiles, keptFiles } from './stored-files.js';

const section = document.querySelector('[data-choose-pictures]');
const form = section.closest('form');
const withPictures = section.querySelector('button');
const hint = section.querySelector('.hint');
const { textContent: hintBefore } = hint;
const input = Object.assign(document.createElement('input'), { type: 'file', multiple: true });
let chosen = 0;

input.accept = section.dataset.choosePictures;
input.setAttribute('aria-label', 'Pictures');
input.setAttribute('aria-describedby', hint.id);
// Nothing was sent: the form is new, or it came back with a mistake. In the latter case the pictures are still chosen.
remember('sends pictures', '', 'sessionStorage');
start().catch(() => input.remove());

async function start() {
  const isSecondTry = document.querySelector('[aria-invalid="true"], form .error') !== null;
  if (isSecondTry) show((await keptFiles()).length);
  else await keepFiles([]);
  hint.before(input);
  section.classList.add('upload');
  // “Create topic” does both.
  withPictures.closest('.actions').hidden = true;
  if (chosen === 0) hint.textContent = 'Choose or drop many at once. Each becomes a thing.';
}

input.addEventListener('change', () => choose([...input.files]));
section.addEventListener('dragover', (event) => {
  event.preventDefault();
  section.classList.add('over');
});
section.addEventListener('dragleave', () => section.classList.remove('over'));
section.addEventListener('drop', (event) => {
  event.preventDefault();
  section.classList.remove('over');
  const files = [...event.dataTransfer.files];
  if (files.length > 0) choose(files);
});
form.addEventListener('submit', (event) => {
  if (chosen === 0 || event.submitter?.name !== 'action' || event.submitter.value === 'preview') return;
  remember('sends pictures', 'yes', 'sessionStorage');
  if (event.submitter === withPictures) return;
  event.preventDefault();
  // A form that is being sent can't be sent again.
  setTimeout(() => form.requestSubmit(withPictures));
});

async function choose(files) {
  try {
    await keepFiles(files);
    show(files.length);
    say(hint.textContent);
  } catch {
    // A private window may keep nothing.
    show(0);
    hint.textContent = hintBefore;
  }
}

function show(count) {
  chosen = count;
  hint.textContent = `${count === 1 ? '1 picture' : `${count} pictures`} chosen. They are sent after “Create topic”.`;
}
