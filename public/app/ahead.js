// Loads the pictures of the next pair ahead, unless the visitor saves data.

// The browser keeps a picture only while something refers to it.
const ahead = [];

function fetchAhead() {
  if (navigator.connection?.saveData) return;
  const pair = document.getElementById('pair');
  const pictures = JSON.parse(pair?.dataset.ahead ?? '[]');
  // The next pair stands where this one does, so the browser chooses the same files.
  const sizes = pair?.querySelector('img[sizes]')?.sizes ?? '208px';
  ahead.length = 0;
  for (const { src, srcset = '' } of pictures)
    ahead.push(Object.assign(new Image(), srcset ? { sizes, srcset, src } : { src }));
}

addEventListener('load', fetchAhead);
document.addEventListener('htmx:after:swap', fetchAhead);
