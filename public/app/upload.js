// Sends the chosen pictures one by one and shows how far that is. Without it, the form sends all of them at once.

import { remember, remembered } from './storage.js';
import { keepFiles, keptFiles } from './stored-files.js';

const AT_ONCE = 2;

const form = document.querySelector('[data-upload]');
const input = form.querySelector('input[type="file"]');
const button = form.querySelector('button');
const error = form.querySelector('.error');
const results = document.getElementById('results');
const list = results.querySelector('ul');
const [most, megabytes] = [Number(form.dataset.most), Number(form.dataset.megabytes)];
let isSending = false;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!isSending) sendAll([...input.files]);
});

// The whole card takes files that are dropped on it.
form.addEventListener('dragover', (event) => {
  event.preventDefault();
  form.classList.add('over');
});
form.addEventListener('dragleave', () => form.classList.remove('over'));
form.addEventListener('drop', (event) => {
  event.preventDefault();
  form.classList.remove('over');
  if (!isSending && event.dataTransfer.files.length > 0) input.files = event.dataTransfer.files;
});

// Pictures that were chosen on the form of the new topic.
if (remembered('sends pictures', 'sessionStorage')) {
  remember('sends pictures', '', 'sessionStorage');
  const kept = await keptFiles().catch(() => []);
  if (kept.length > 0) sendAll(kept).finally(() => keepFiles([]));
}

addEventListener('beforeunload', (event) => {
  if (isSending) event.preventDefault();
});

async function sendAll(files) {
  const reason =
    files.length > most
      ? `You chose ${files.length} pictures. Choose ${most} at most, and send the others next.`
      : '';
  showError(reason);
  if (reason) return;
  isSending = true;
  button.setAttribute('aria-disabled', 'true');
  results.hidden = false;
  const rows = files.map((file) => ({ file, row: list.appendChild(waitingRow(file)) }));
  const unsent = [];
  let done = 0;
  showProgress(0, files.length);
  const sendNext = async () => {
    for (let next = rows.shift(); next; next = rows.shift()) {
      if (!(await send(next))) unsent.push(next.file);
      showProgress(++done, files.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
  isSending = false;
  button.removeAttribute('aria-disabled');
  showEnd(unsent);
}

/** Sends one picture and shows what came out. Returns whether it was answered. */
async function send({ file, row }) {
  if (file.size > megabytes * 1024 * 1024) {
    row.replaceWith(
      problemRow(file, `This file is larger than ${megabytes} MB. Make it smaller and choose it again.`),
    );
    return true;
  }
  const body = new FormData();
  body.append(input.name, file);
  try {
    const headers = { 'HX-Request': 'true', 'HX-Request-Type': 'partial' };
    const answer = await fetch(form.action, { method: 'POST', body, headers });
    const address = answer.headers.get('HX-Redirect');
    if (address) location.assign(address);
    const { content } = Object.assign(document.createElement('template'), { innerHTML: await answer.text() });
    const rows = content.querySelectorAll('li');
    row.replaceWith(...(rows.length > 0 ? rows : [problemRow(file, content.textContent.trim())]));
    return rows.length > 0;
  } catch {
    row.replaceWith(problemRow(file, 'Couldn’t connect. Press the button to send it again.'));
    return false;
  }
}

function waitingRow({ name }) {
  const row = document.createElement('li');
  row.className = 'waiting';
  row.append(tile('…'), textOf(name, 'span'));
  return row;
}

function problemRow({ name }, problem) {
  const row = document.createElement('li');
  row.className = 'wrong';
  const text = document.createElement('div');
  const sentence = Object.assign(document.createElement('p'), { className: 'error', textContent: problem });
  text.append(textOf(name, 'strong'), sentence);
  row.append(tile('!'), text);
  return row;
}

function tile(textContent) {
  const sign = Object.assign(document.createElement('span'), { className: 'pic letter', textContent });
  sign.setAttribute('aria-hidden', 'true');
  return sign;
}

function textOf(name, element) {
  const text = Object.assign(document.createElement(element), { className: 'name' });
  text.append(Object.assign(document.createElement('bdi'), { textContent: name }));
  return text;
}

function showError(text) {
  error.textContent = text;
  error.hidden = text === '';
  if (text) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
}

function showProgress(done, all) {
  const sending = document.getElementById('sending');
  sending.hidden = false;
  Object.assign(sending.querySelector('progress'), { max: all, value: done });
  document.getElementById('came').textContent = heading();
  // Screen readers read this out, so it changes only now and then.
  if (done === 0)
    document.getElementById('sent').textContent = `Sending ${all === 1 ? '1 picture' : `${all} pictures`}`;
}

function showEnd(unsent) {
  document.getElementById('sending').querySelector('progress').hidden = true;
  document.getElementById('sent').textContent = heading();
  // What did not arrive stays chosen, so the button sends it again.
  const left = new DataTransfer();
  for (const file of unsent) left.items.add(file);
  input.files = left.files;
}

function heading() {
  const [added, not] = ['li:not(.wrong, .waiting)', 'li.wrong'].map(
    (rows) => list.querySelectorAll(rows).length,
  );
  return `${added} ${added === 1 ? 'picture' : 'pictures'} added${not > 0 ? `, ${not} not` : ''}`;
}
