import type { ManageLink } from './pages.js';

/** The pages behind the overview of a topic, in the order in which it lists them. */
export const LINKS: ManageLink[] = [
  { path: 'things', title: 'Things', act: 'look' },
  { path: 'pictures', title: 'Add pictures', act: 'run' },
  { path: 'voters', title: 'Invited voters', act: 'look' },
  { path: 'review', title: 'Proposed and flagged', act: 'run' },
  { path: 'judges', title: 'Judges', act: 'look' },
  { path: 'notes', title: 'Notes of voters', act: 'run' },
  { path: 'results', title: 'Results', act: 'look' },
  { path: 'settings', title: 'Settings', act: 'run' },
  { path: 'people', title: 'People who run it', act: 'look' },
  { path: 'activity', title: 'Activity', act: 'look' },
  { path: 'copy', title: 'Copy as a new draft', act: 'run' },
  { path: 'delete', title: 'Delete', act: 'own' },
];
