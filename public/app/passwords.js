// Lets people see the password that they type, and how long it should be.

for (const input of document.querySelectorAll('input[type="password"]')) {
  const toggle = document.createElement('button');
  toggle.type = 'button';
  toggle.className = 'quiet show-password';
  toggle.textContent = 'Show';
  toggle.setAttribute('aria-label', `Show ${input.labels[0].textContent.toLowerCase()}`);
  toggle.setAttribute('aria-pressed', 'false');
  toggle.addEventListener('click', () => {
    const shown = input.type === 'password';
    input.type = shown ? 'text' : 'password';
    toggle.textContent = shown ? 'Hide' : 'Show';
    toggle.setAttribute('aria-pressed', String(shown));
  });
  input.after(toggle);
  if (input.autocomplete === 'new-password') showLength(input);
}

// A bar that fills up while somebody types, and a hint that says in words what it means. Screen readers skip the bar.
function showLength(input) {
  const meter = document.createElement('meter');
  const hint = document.getElementById('password-hint');
  const advice = hint.textContent;
  const [least, good] = [input.minLength, Number(input.dataset.good)];
  Object.assign(meter, { min: 0, max: good, low: least, high: good - 1, optimum: good });
  meter.className = 'password-length';
  meter.setAttribute('aria-hidden', 'true');
  input.addEventListener('input', () => {
    const isEasy = isEasyToGuess(input);
    const length = [...input.value].length;
    meter.value = isEasy ? Math.min(length, least) : length;
    const text = length === 0 ? advice : explain({ length, least, good, isEasy });
    // Screen readers read each change, so only a new text is one.
    if (hint.textContent !== text) hint.textContent = text;
  });
  hint.after(meter);
}

function explain({ length, least, good, isEasy }) {
  if (length < least) return `Too short: use at least ${least} characters.`;
  if (isEasy) return 'Too easy to guess: it is your name, or the same characters again and again.';
  if (length < good) return `Long enough. ${good} characters or more are much harder to guess: add a word.`;
  return 'Good. Long passwords are hard to guess. Use this one on no other site.';
}

// The rules of the server, apart from its list of common passwords.
function isEasyToGuess({ value, form }) {
  const name = form.elements.username?.value.trim().toLowerCase();
  const isName = name && value.toLowerCase().includes(name) && value.length < name.length + 8;
  return isName || /^(.)\1*$/u.test(value);
}
