import { expect, it } from 'vitest';
import { explain } from '../src/startup-error.js';

it.each([
  ['no postgres://me:secret@db:5432/thinga here', 'no postgres://me:***@db:5432/thinga here'],
  ['two "redis://:secret@one", redis://me:secret@two.', 'two "redis://:***@one", redis://me:***@two.'],
  ['postgres://me:sec@ret@db/thinga', 'postgres://me:***@db/thinga'],
  ['http://localhost:3000/ is taken, ask me@thinga.example', undefined],
])('hides the passwords of URLs in an error: %s', (message, shown = message) => {
  expect(explain(new Error(message))).toBe(shown);
});
