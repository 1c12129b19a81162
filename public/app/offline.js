// Installs the script that shows a page when there is no connection. It waits, so that it slows no page down.

// The page looks like the others. So it is fetched again when the styles, and with them the hash in the address of their
// folder, have changed.
const styles = document.querySelector('link[rel="stylesheet"]').href.split('/').at(-2);

addEventListener('load', () => {
  // Browsers may forbid it, for example in a private window.
  navigator.serviceWorker?.register(`/service-worker.js?${styles}`).catch(() => undefined);
});
