import { defineConfig } from 'vitest/config';
import browser from './vitest.browser.config.js';

export default defineConfig({
  ...browser,
  test: { ...browser.test, include: ['test/browser/**/*.shots.ts'] },
});
