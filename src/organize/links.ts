import type { ManageLink } from './pages.js';

/** The pages behind the overview of a topic, in the order in which it lists them. */
export const LINKS: ManageLink[] = [
  { path: 'things', title: 'Things', act: 'look' },
  { path: 'pictures', title: 'Add pictures', act: 'run' },
  { path: 'results', title: 'Results', act: 'look' },
  { path: 'settings', title: 'Settings', act: 'run' },
];
