import type { Check } from './check.js';

/** The checks with one result. */
interface CheckGroup {
  state: Check['state'];
  title: string;
  checks: Check[];
}

declare module '../../http/page.js' {
  interface Pages {
    'admin/health': { /** The worst first. */ groups: CheckGroup[] };
  }
}
