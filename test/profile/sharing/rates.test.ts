import { expect, it } from 'vitest';
import { read, useSite, visit } from '../../site.js';

const site = useSite({ rateLimits: 1 });

it('limits how fast one visitor can open links, against guessing, and says when to try again', async () => {
  const guess = () => visit(site).get('/shared/AAAAAAAAAAAAAAAAAAAAAA.png');
  const answers = [];
  for (let link = 0; link < 125; link++) answers.push(await guess());
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(5);
  expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
  expect(read(refused[0]?.text ?? '')('h1').text()).toBe('You’re doing that too often');
});
