// Adds a button that opens the share sheet of the device, where there is one.

for (const choices of document.querySelectorAll('[data-share]')) {
  const { share: url, title } = choices.dataset;
  if (!navigator.canShare?.({ url, title })) continue;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'small share';
  button.textContent = 'Share';
  button.setAttribute('aria-label', `Share your ${title}`);
  // The promise fails also when somebody closes the sheet.
  button.addEventListener('click', () => navigator.share({ url, title }).catch(() => {}));
  choices.prepend(button);
}
