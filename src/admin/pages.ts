import type { RecordCheck } from '../auth/audit/check-record.js';
import type { OpenFlag } from '../catalog/flags.js';
import type { TopicPerson } from '../catalog/topic-roles.js';
import type { ShownSuggestion } from '../organize/pages.js';
import type { Registration } from '../schema.js';
import type { ActivityEntry } from './activity/activity.js';
import type { ActivityFilter } from './activity/kinds.js';
import type { Paged } from './admin-page.js';
import type { AdminOverview } from './overview.js';
import type { ListedPerson, PeopleFilter } from './people/find-people.js';
import type { SiteInvitation } from './people/invitations.js';
import type { Person } from './people/person.js';
import type { SiteErrors, SiteForm } from './settings/site-form.js';
import type { Comparison } from './stuffing/comparison.js';
import type { Alarm, Suspect, SuspectGroup, Suspects } from './stuffing/suspects.js';
import type { AdminTopic, TopicFilter } from './topics/find-topics.js';

declare module '../http/page.js' {
  interface Pages {
    'admin/overview': { overview: AdminOverview };
    'admin/people': PeoplePage;
    'admin/person': PersonPage;
    'admin/invitations': InvitationsPage;
    'admin/claim': { /** The address of the link. */ path: string };
    'admin/settings': SettingsPage;
    'admin/topics': TopicsPage;
    'admin/topic': TopicPage;
    'admin/review': { suggestions: ShownSuggestion[]; flags: OpenFlag[] };
    'admin/stuffing': { alarms: Alarm[]; groups: SuspectGroup[] };
    'admin/suspects': SuspectsPage;
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
  /** The link for a new password that this browser has just made. */
  resetUrl: string | undefined;
  /** What was typed as the reason to disable it, and what is wrong with it. */
  reason: string;
  error: string;
}

interface InvitationsPage {
  /** An invitation has its address for the one who has just made it. */
  invitations: (SiteInvitation & { url: string | undefined })[];
  /** Those that have one. */
  fresh: InvitationsPage['invitations'];
  registration: Registration;
  /** What was typed, and what is wrong with it. */
  notes: string;
  error: string;
}

interface SettingsPage {
  form: SiteForm;
  errors: SiteErrors;
  /** The logo as it is, and what is wrong with another one. */
  logo: string | undefined;
  logoError: string | undefined;
  maxMegabytes: number;
}

interface TopicsPage extends Paged {
  topics: AdminTopic[];
  filter: TopicFilter;
}

interface TopicPage {
  topic: AdminTopic;
  people: TopicPerson[];
  /** The page of its ranking. */
  path: string;
  /** How much the pictures of a topic may take. */
  maxMegabytes: number;
  /** What was typed as the name of a new owner, and what is wrong with it. */
  username: string;
  error: string;
}

interface SuspectsPage {
  suspects: Suspects;
  voters: Suspect[];
  /** How many of them are set apart. */
  out: number;
  /** The address without `/admin`. */
  path: string;
  kind: 'alarm' | 'network' | 'wide network';
  /** Undefined for a topic with too many votes. */
  comparison: Comparison | undefined;
}

interface ActivityPage {
  entries: ActivityEntry[];
  older: number | undefined;
  query: { filter: ActivityFilter; person: string; fromDay: string; untilDay: string };
  /** The latest check of the record; undefined before the first one. */
  check: RecordCheck | undefined;
}
