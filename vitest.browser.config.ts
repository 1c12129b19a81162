import { defineConfig } from 'vitest/config';
import { builtApp } from './test/built-app.js';

export default defineConfig({
  plugins: [builtApp],
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/stores.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
