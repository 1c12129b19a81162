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

// A bar that fills up while somebody types. The hint says the same in words, so screen readers skip the bar.
function showLength(input) {
  const meter = document.createElement('meter');
  const good = Number(input.dataset.good);
  Object.assign(meter, { min: 0, max: good, low: input.minLength, high: good - 1, optimum: good });
  meter.className = 'password-length';
  meter.setAttribute('aria-hidden', 'true');
  input.addEventListener('input', () => {
    meter.value = [...input.value].length;
  });
  document.getElementById('password-hint').after(meter);
}
