import type { RecordCheck } from '../auth/audit/check-record.js';
import type { ActivityEntry } from './activity/activity.js';
import type { ActivityFilter } from './activity/kinds.js';
import type { Paged } from './admin-page.js';
import type { AdminOverview } from './overview.js';
import type { ListedPerson, PeopleFilter } from './people/find-people.js';
import type { Person } from './people/person.js';

declare module '../http/page.js' {
  interface Pages {
    'admin/overview': { overview: AdminOverview };
    'admin/people': PeoplePage;
    'admin/person': PersonPage;
    'admin/activity': ActivityPage;
  }
}

interface PeoplePage extends Paged {
  people: ListedPerson[];
  filter: PeopleFilter;
}

interface PersonPage {
  person: Person;
  /** What happened to the account, and what admins did to it, newest first. */
  events: ActivityEntry[];
  /** What was typed as the reason to disable it, and what is wrong with it. */
  reason: string;
  error: string;
}

interface ActivityPage {
  entries: ActivityEntry[];
  older: number | undefined;
  query: { filter: ActivityFilter; person: string; fromDay: string; untilDay: string };
  /** The latest check of the record; undefined before the first one. */
  check: RecordCheck | undefined;
}
