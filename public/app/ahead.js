// Loads the pictures of the next pair ahead, unless the visitor saves data.

// The browser keeps a picture only while something refers to it.
const ahead = [];

function fetchAhead() {
  if (navigator.connection?.saveData) return;
  const pictures = (document.getElementById('pair')?.dataset.ahead ?? '').split(' ').filter(Boolean);
  ahead.length = 0;
  for (const picture of pictures) ahead.push(Object.assign(new Image(), { src: `/pictures/${picture}` }));
}

addEventListener('load', fetchAhead);
document.addEventListener('htmx:after:swap', fetchAhead);
