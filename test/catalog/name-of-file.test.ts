import { expect, it } from 'vitest';
import { nameOfFile, numberedName } from '../../src/catalog/pictures/name-of-file.js';

it.each([
  ['red-panda.jpg', 'Red panda'],
  ['IMG_1234.HEIC', 'IMG 1234'],
  ['iPhone.png', 'iPhone'],
  ['2026-11-30 lunch_on-friday.webp', '2026-11-30 lunch on friday'],
  ['éclair.tar.gz', 'Éclair.tar'],
  ['👩‍🚀.png', '👩‍🚀'],
  ['-_-.png', 'Picture'],
  ['.png', 'Picture'],
  ['two\u202ewords\n.gif', 'Two words'],
])('names the thing of %j', (filename, name) => {
  expect(nameOfFile(filename)).toBe(name);
});

it('cuts a name between letters, also where it gets a number', () => {
  const name = nameOfFile(`${'👩‍🚀'.repeat(40)}.png`);
  expect(name).toBe('👩‍🚀'.repeat(26));
  expect(numberedName(name, 12)).toBe(`${'👩‍🚀'.repeat(25)} 12`);
});
