// A picture that can't be loaded becomes a tile with the first letter of its name.

function showLetter(picture) {
  const tile = document.createElement('span');
  tile.className = 'pic letter';
  tile.setAttribute('aria-hidden', 'true');
  tile.textContent = picture.dataset.letter;
  picture.replaceWith(tile);
}

const isThing = (element) => element instanceof HTMLImageElement && 'letter' in element.dataset;

// The error of a picture does not bubble, so this listens in the capture phase.
document.addEventListener(
  'error',
  ({ target }) => {
    if (isThing(target)) showLetter(target);
  },
  true,
);

// These failed before this script ran. Some browsers give an SVG without a size no width, so decoding decides.
for (const picture of document.querySelectorAll('img[data-letter]'))
  if (picture.complete && picture.naturalWidth === 0) picture.decode().catch(() => showLetter(picture));
