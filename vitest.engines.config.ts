import { defineConfig } from 'vitest/config';
import { builtApp } from './test/built-app.js';

export default defineConfig({
  plugins: [builtApp],
  test: {
    include: ['test/engines/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
