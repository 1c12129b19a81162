/** Has screen readers read a text out. Without the pause they would not read the same text again. */
export function say(text) {
  const region = document.getElementById('spoken');
  region.textContent = '';
  clearTimeout(pause);
  pause = setTimeout(() => {
    region.textContent = text;
  }, 50);
}

let pause;
