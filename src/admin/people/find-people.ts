import { sql } from 'kysely';
import { usernameKey } from '../../auth/users/usernames.js';
import type { Database } from '../../database.js';

/** The lists of people that admins choose from. */
export const PEOPLE_FILTERS = ['all', 'waiting', 'admins', 'disabled'] as const;

/** Which people a list has. */
export type PeopleFilter = (typeof PEOPLE_FILTERS)[number];

/** A person in a list. */
export interface ListedPerson {
  id: number;
  username: string;
  role: 'member' | 'admin';
  createdAt: Date;
  isDisabled: boolean;
  isWaiting: boolean;
  /** When they last did something while logged in; null when never. */
  lastSeenAt: Date | null;
}

/** Number of people on a page of the list. */
export const PEOPLE_PER_PAGE = 50;

const CONDITIONS: Record<PeopleFilter, ReturnType<typeof sql>> = {
  all: sql`true`,
  waiting: sql`awaiting_since is not null`,
  admins: sql`role = 'admin'`,
  disabled: sql`disabled_at is not null`,
};

/**
 * Finds people by a part of their name, those first whose name starts with it. Those who wait are listed oldest first.
 * @param options `page` counts from 1
 */
export async function findPeople(
  db: Database,
  { query, filter, page }: { query: string; filter: PeopleFilter; page: number },
): Promise<{ people: ListedPerson[]; found: number }> {
  const key = usernameKey(query);
  const { rows } = await sql<ListedPerson & { found: number }>`
    select id, username, role, created_at, disabled_at is not null as is_disabled,
      awaiting_since is not null as is_waiting,
      (select max(last_seen_at) from sessions where user_id = users.id) as last_seen_at,
      count(*) over ()::int as found
    from users where strpos(username_key, ${key}) > 0 and ${CONDITIONS[filter]}
    order by ${filter === 'waiting' ? sql`awaiting_since` : sql`not starts_with(username_key, ${key})`},
      username_key
    limit ${PEOPLE_PER_PAGE} offset ${(page - 1) * PEOPLE_PER_PAGE}`.execute(db);
  return { people: rows, found: rows[0]?.found ?? 0 };
}
