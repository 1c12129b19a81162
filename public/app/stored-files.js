// Keeps chosen files in this browser until the next page can send them.

const open = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open('thinga', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('files');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function use(mode, act) {
  const database = await open();
  try {
    const transaction = database.transaction('files', mode);
    const request = act(transaction.objectStore('files'));
    return await new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Keeps files in place of those kept before. */
export const keepFiles = (files) => use('readwrite', (store) => store.put(files, 'pictures'));

/** Returns the kept files. */
export const keptFiles = async () => (await use('readonly', (store) => store.get('pictures'))) ?? [];
