// Adds a button that prints the page. Without a script, the menu of the browser has one.
const print = document.createElement('button');
print.type = 'button';
print.className = 'plain';
print.textContent = 'Print';
print.addEventListener('click', () => globalThis.print());
document.querySelector('main .actions')?.append(print);
