// Uses and makes passkeys. The script only fills a hidden field of the form; the form sends it like any other.

// The library's file is loaded when it is needed. It puts its functions into this global.
const library = async () => {
  await import('./simplewebauthn.min.js');
  return globalThis.SimpleWebAuthnBrowser;
};

const CANCELLED = 'No passkey was used. Try again, or use your password.';
const NOT_ADDED = 'No passkey was added. Perhaps this device has one for you already.';
/** A challenge is valid for ten minutes. */
const RENEW_MS = 9 * 60_000;

for (const button of document.querySelectorAll('[data-passkey]')) {
  button.addEventListener('click', (event) => {
    event.preventDefault();
    fillAndSend(button);
  });
  if ('autofill' in button.dataset) offerInAutofill(button);
}

async function fillAndSend(button) {
  const { dataset, form } = button;
  const message = button.parentElement.querySelector('[role=alert]');
  message.hidden = true;
  try {
    const answer = await fetch(dataset.options, { method: 'POST' });
    // The site asks for the password first: the form leads there.
    if (answer.status === 403) return form.requestSubmit(button);
    const optionsJSON = await answer.json();
    const { startAuthentication, startRegistration } = await library();
    const start = 'create' in dataset ? startRegistration : startAuthentication;
    send(button, await start({ optionsJSON }));
  } catch {
    message.textContent = 'create' in dataset ? NOT_ADDED : CANCELLED;
    message.hidden = false;
  }
}

// Passkeys then appear among the suggestions of the field for the name.
async function offerInAutofill(button) {
  if (!(await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
  const { startAuthentication } = await library();
  const offer = async () => {
    try {
      const optionsJSON = await (await fetch(button.dataset.options, { method: 'POST' })).json();
      send(button, await startAuthentication({ optionsJSON, useBrowserAutofill: true }));
    } catch {
      // Nobody chose one, or the button was pressed instead.
    }
  };
  offer();
  setInterval(() => document.hidden || offer(), RENEW_MS);
}

function send(button, response) {
  button.form.elements[button.dataset.passkey].value = JSON.stringify(response);
  button.form.requestSubmit(button);
}
