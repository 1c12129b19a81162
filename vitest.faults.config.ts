import { defineConfig } from 'vitest/config';
import { builtApp } from './test/built-app.js';

export default defineConfig({
  plugins: [builtApp],
  test: {
    include: ['test/faults/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A site that has not recovered from one fault tells nothing about the next.
    bail: 1,
  },
});
