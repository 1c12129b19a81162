// Shows a page of its own when there is no connection. It keeps only that page. It stores nothing that the server sends
// to a person, and answers no form.

const OFFLINE = '/offline';
// The address names the styles with their hash (app/offline.js), so new styles bring a new copy of the page.
const CACHE = `offline${location.search}`;

addEventListener('install', (event) => {
  skipWaiting();
  event.waitUntil(keepPage());
});

async function keepPage() {
  const cache = await caches.open(CACHE);
  // It is sent without cookies, so the answer is the page of a stranger.
  await cache.add(new Request(OFFLINE, { credentials: 'omit' }));
}

addEventListener('activate', (event) => {
  // With the preload, the browser asks for a page while this script is still starting.
  event.waitUntil(Promise.all([dropOldPages(), registration.navigationPreload?.enable()]));
});

async function dropOldPages() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}

addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.mode === 'navigate' && request.method === 'GET') event.respondWith(openPage(event));
});

async function openPage({ request, preloadResponse }) {
  try {
    return (await preloadResponse) ?? (await fetch(request));
  } catch {
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
}
