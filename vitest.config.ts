import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { builtApp } from './test/built-app.js';

export default defineConfig({
  plugins: [builtApp],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/browser/**',
      'test/bench/**',
      'test/soak/**',
      'test/faults/**',
      'test/engines/**',
      'node_modules/**',
      'dist/**',
    ],
    globalSetup: ['test/stores.ts'],
    // A first run on a slow machine creates databases; no test asserts a time.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Files share the process and the app that it has loaded, so each closes what it opened.
    isolate: false,
    // Most of a file's time is spent waiting for servers, so three files at a time also suit two cores.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    reporters: ['default'],
  },
});
