// Keeps what is typed into a long form while this tab is open, for a page that is left before the form is sent.
import { remember, remembered } from './storage.js';

for (const form of document.querySelectorAll('form[data-draft]')) {
  const name = `draft ${form.dataset.draft}`;
  const fields = () =>
    [...form.elements].filter(({ name, type }) => name && !['hidden', 'submit', 'file'].includes(type));
  const isText = ({ type }) => type !== 'radio' && type !== 'checkbox';
  const isEmpty = () => fields().every((field) => !isText(field) || field.value === '');

  const restore = (values) => {
    for (const field of fields())
      if (isText(field)) field.value = values[field.name] ?? field.value;
      else if (field.type === 'radio' && field.name in values)
        field.checked = values[field.name] === field.value;
    // htmx listens once the page has loaded.
    const tell = () => form.querySelector('textarea')?.dispatchEvent(new Event('input', { bubbles: true }));
    addEventListener('load', () => setTimeout(tell));
  };
  const draft = remembered(name, 'sessionStorage');
  if (draft && isEmpty()) restore(JSON.parse(draft));

  form.addEventListener('input', () => {
    const filled = fields().filter((field) => isText(field) || field.checked);
    const values = Object.fromEntries(filled.map((field) => [field.name, field.value]));
    remember(name, JSON.stringify(values), 'sessionStorage');
  });
  form.addEventListener('submit', () => remember(name, '', 'sessionStorage'));
}
