// Installs the script that shows a page when there is no connection. It waits, so that it slows no page down.

// The page looks like the others. So it is fetched again when the styles have changed and their address has a new hash.
const version = encodeURIComponent(document.querySelector('link[rel="stylesheet"]').getAttribute('href'));

addEventListener('load', () => {
  // Browsers may forbid it, for example in a private window.
  navigator.serviceWorker?.register(`/service-worker.js?styles=${version}`).catch(() => undefined);
});
