// Browsers may forbid storage. Then a choice lasts only as long as the page.

/** Reads a choice that was made on an earlier page. @param storage `localStorage` or `sessionStorage` */
export function remembered(name, storage) {
  try {
    return globalThis[storage].getItem(name);
  } catch {
    return null;
  }
}

/** Keeps a choice for later pages. */
export function remember(name, value, storage) {
  try {
    globalThis[storage].setItem(name, value);
  } catch {}
}
