import { join } from 'node:path';
import type { Plugin } from 'vitest/config';

/**
 * Gives tests that import the app from `src` the files that `npm run build` made of it. Node loads these as they are,
 * in less than half the time, and they are what ships. Errors still name the lines in `src`.
 */
export const builtApp: Plugin = {
  name: 'built-app',
  config: () => ({
    resolve: { alias: [{ find: /^(\.\.\/)+src\//, replacement: join(import.meta.dirname, '../dist/src/') }] },
    test: { server: { deps: { external: [/\/dist\/src\//] } } },
  }),
};
