import { defineConfig } from 'vitest/config';
import { builtApp } from './test/built-app.js';

export default defineConfig({
  plugins: [builtApp],
  test: {
    include: ['test/fuzz/**/*.fuzz.ts'],
    globalSetup: ['test/stores.ts'],
    testTimeout: 24 * 3_600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
