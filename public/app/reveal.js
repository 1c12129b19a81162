// A remote control sends Page Down and Page Up. The arrow keys do the same.
const links = new Map([
  ...['PageDown', 'ArrowRight', 'ArrowDown', ' '].map((key) => [key, 'next']),
  ...['PageUp', 'ArrowLeft', 'ArrowUp'].map((key) => [key, 'back']),
]);

document.addEventListener('keydown', (event) => {
  const { key, ctrlKey, metaKey, altKey, shiftKey, repeat } = event;
  const link = document.getElementById(links.get(key));
  if (!link || ctrlKey || metaKey || altKey || shiftKey || repeat) return;
  event.preventDefault();
  link.click();
});
