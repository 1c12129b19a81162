import { expect, it } from 'vitest';
import { useSite } from '../site.js';
import { expectNoViolations, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

it('explains in words how good a new password is, while it is typed', async () => {
  const { page, complaints } = await chromium.open(site);
  await page.goto('/register');
  await page.getByLabel('Name').fill('hopeful');
  const password = page.getByLabel('Password', { exact: true });
  const hint = page.locator('#password-hint');
  const advice = await hint.textContent();
  const expected = {
    short: 'Too short: use at least 8 characters.',
    hopeful12: 'Too easy to guess',
    aaaaaaaaaaaaaaaaa: 'Too easy to guess',
    'ten letter': 'Long enough. 15 characters or more are much harder to guess',
    'engines and flowers': 'Good. Long passwords are hard to guess.',
  };
  for (const [text, words] of Object.entries(expected)) {
    await password.fill(text);
    expect(await hint.textContent()).toContain(words);
  }
  await expectNoViolations(page, 'a password that is typed');
  await password.fill('');
  expect(await hint.textContent()).toBe(advice);
  expect(complaints).toEqual([]);
});

it.each(['/login', '/register'])(
  'hides the password at %s until it is to be seen, and takes a pasted one',
  async (path) => {
    const { page } = await chromium.open(site);
    await page.goto(path);
    await page.getByLabel('Name').fill('copied words');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.press('ControlOrMeta+C');
    const password = page.getByLabel('Password', { exact: true });
    expect(await password.getAttribute('type')).toBe('password');
    await password.focus();
    await page.keyboard.press('ControlOrMeta+V');
    expect(await password.inputValue()).toBe('copied words');
    await page.getByRole('button', { name: 'Show password' }).click();
    expect(await password.getAttribute('type')).toBe('text');
    await page.getByRole('button', { name: 'Show password' }).click();
    expect(await password.getAttribute('type')).toBe('password');
  },
);
