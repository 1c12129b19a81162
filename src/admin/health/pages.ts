import type { Check } from './check.js';

declare module '../../http/page.js' {
  interface Pages {
    'admin/health': { checks: Check[] };
  }
}
