// Without an answer, htmx leaves the page as it is. The pair stays, a message says that the vote is not saved, and the
// press is sent again until there is an answer. A ballot counts once, so nothing counts twice.

const FIRST_WAIT_S = 3;
const LONGEST_WAIT_S = 30;

/** The pressed button that had no answer. */
let unsent;
let wait;
let timer;
let isOwnPress = false;

document.addEventListener('htmx:before:request', () => {
  clearTimeout(timer);
  if (isOwnPress) isOwnPress = false;
  else {
    unsent = undefined;
    document.getElementById('notice')?.replaceChildren();
  }
});

document.addEventListener('htmx:error', () => {
  const button = document.querySelector('#pair .pressed');
  // The front page has no place for the message. It sends votes without htmx.
  if (!button || !document.getElementById('notice')) return;
  wait = button === unsent ? Math.min(wait * 2, LONGEST_WAIT_S) : FIRST_WAIT_S;
  if (button !== unsent) tell();
  unsent = button;
  timer = setTimeout(sendAgain, wait * 1000);
});

// The network needs a moment until it carries something.
addEventListener('online', () => setTimeout(sendAgain, 300));

function sendAgain() {
  if (!unsent?.isConnected || unsent.classList.contains('pressed')) return;
  isOwnPress = true;
  unsent.click();
}

function tell() {
  const retry = document.createElement('button');
  retry.type = 'button';
  retry.className = 'plain small';
  retry.textContent = 'Try again';
  retry.addEventListener('click', sendAgain);
  const words = document.createElement('p');
  words.innerHTML =
    '<strong>Couldn’t connect, not saved yet</strong><br>We send it again by ourselves. It counts once.';
  // With the pause, a screen reader reads the same message again.
  setTimeout(() => document.getElementById('notice').replaceChildren(words, retry), 100);
  if (document.activeElement === document.body) document.getElementById('question')?.focus();
}
