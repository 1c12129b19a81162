import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database.js';
import { describeTopicEvent, personOfEvent } from '../../organize/activity.js';
import { ACCOUNT_KINDS, type ActivityFilter, textOfKind } from './kinds.js';

/** Something that happened, as a list shows it. */
export interface ActivityEntry {
  id: number;
  at: Date;
  text: string;
  /** Who did it, or whose account it is about; undefined for nobody in particular. */
  by: { id: number; username: string } | undefined;
  /** What it was done to, with its page. */
  about: { text: string; path: string } | undefined;
  /** Such as the reason. */
  note: string;
}

/** What to list. */
export interface ActivityQuery {
  filter: ActivityFilter;
  /** Only what a person did, or what was done to them. */
  personId?: number | undefined;
  /** Only from this moment, and only before this one. */
  from?: Date | undefined;
  until?: Date | undefined;
  /** The id before which the page starts. */
  before?: number | undefined;
}

/** Number of events on a page. */
const EVENTS_PER_PAGE = 50;

/** Lists what happened, newest first. @returns the id before which the next page starts; undefined on the last page */
export async function listActivity(
  db: Database,
  query: ActivityQuery,
): Promise<{ entries: ActivityEntry[]; older: number | undefined }> {
  const rows = query.filter === 'topics' ? await readTopicEvents(db, query) : await readEvents(db, query);
  const entries = rows.slice(0, EVENTS_PER_PAGE);
  return { entries, older: rows.length > entries.length ? entries.at(-1)?.id : undefined };
}

/** The latest events of a person's account, and what admins did to it; 10 at most. */
export async function latestEventsAbout(db: Database, personId: number): Promise<ActivityEntry[]> {
  return (await readEvents(db, { filter: 'all', personId })).slice(0, 10);
}

interface EventRow {
  id: number;
  at: Date;
  kind: string;
  reason: string | null;
  userId: number | null;
  username: string | null;
  aboutName: string | null;
  /** The name of the person at the end of a reason such as "topic 3: person 7". */
  forName: string | null;
}

// A reason such as "person 7: spam" names what the act was done to.
const ABOUT = sql`substring(reason from '^(?:person|topic) ([0-9]{1,15})')::bigint`;
const FOR = sql`substring(reason from '^topic [0-9]{1,15}: person ([0-9]{1,15})$')::bigint`;

async function readEvents(db: Database, query: ActivityQuery): Promise<ActivityEntry[]> {
  const { personId } = query;
  const person = personId === undefined ? undefined : `^(topic [0-9]+: )?person ${personId}(:|$)`;
  const { rows } = await sql<EventRow>`
    select event.id, event.at, kind, reason, event.user_id, by_user.username,
      case when not starts_with(kind, 'admin-') then null
        when starts_with(reason, 'person ') then (select username from users where id = ${ABOUT})
        when starts_with(reason, 'topic ') then (select title from topics where id = ${ABOUT}) end as about_name,
      case when starts_with(kind, 'admin-') then (select username from users where id = ${FOR}) end as for_name
    from session_events as event left join users as by_user on by_user.id = event.user_id
    where ${inQuery(query, 'event')} and ${inGroup(query.filter)}
      and (${personId ?? null}::bigint is null or event.user_id = ${personId ?? null}::bigint
        or (starts_with(kind, 'admin-') and reason ~ ${person ?? ''}))
    order by event.id desc limit ${EVENTS_PER_PAGE + 1}`.execute(db);
  return rows.map(entryOf);
}

const inQuery = ({ from, until, before }: ActivityQuery, table: string): RawBuilder<unknown> => {
  const [id, at] = [sql.ref(`${table}.id`), sql.ref(`${table}.at`)];
  return sql`(${before ?? null}::bigint is null or ${id} < ${before ?? null}::bigint)
    and (${from ?? null}::timestamptz is null or ${at} >= ${from ?? null}::timestamptz)
    and (${until ?? null}::timestamptz is null or ${at} < ${until ?? null}::timestamptz)`;
};

function inGroup(filter: ActivityFilter): RawBuilder<unknown> {
  if (filter === 'admins') return sql`starts_with(kind, 'admin-')`;
  if (filter === 'accounts') return sql`kind in (${sql.join(ACCOUNT_KINDS)})`;
  if (filter === 'log-ins')
    return sql`not starts_with(kind, 'admin-') and kind not in (${sql.join(ACCOUNT_KINDS)})`;
  return sql`true`;
}

function entryOf({ id, at, kind, reason, userId, username, aboutName, forName }: EventRow): ActivityEntry {
  const isAct = kind.startsWith('admin-');
  const [, subject, number, rest = ''] = /^(person|topic) (\d+)(?:: (.*))?$/s.exec(reason ?? '') ?? [];
  const path = subject === 'topic' ? `/admin/topics/${number}` : `/admin/people/${number}`;
  return {
    ...{ id, at, text: textOfKind(kind) },
    by: userId && username ? { id: userId, username } : undefined,
    about: isAct && subject ? { text: aboutName ?? `${subject} ${number}`, path } : undefined,
    // The reason of a session's end is a word of the program.
    note: isAct ? (subject ? (forName ?? rest) : (reason ?? '')) : kind === 'disabled' ? (reason ?? '') : '',
  };
}

async function readTopicEvents(db: Database, query: ActivityQuery): Promise<ActivityEntry[]> {
  const { rows } = await sql<{
    id: number;
    at: Date;
    kind: string;
    details: Record<string, string | number | boolean | null>;
    userId: number | null;
    username: string | null;
    topicId: number;
    title: string;
    person: string | null;
  }>`
    select event.id, event.at, kind, details, ${personOfEvent} as person, event.user_id, username, topic_id, title
    from topic_events as event join topics on topics.id = topic_id left join users on users.id = event.user_id
    where ${inQuery(query, 'event')}
      and (${query.personId ?? null}::bigint is null or event.user_id = ${query.personId ?? null}::bigint)
    order by event.id desc limit ${EVENTS_PER_PAGE + 1}`.execute(db);
  return rows.map(({ id, at, userId, username, topicId, title, ...event }) => {
    const { text, more } = describeTopicEvent(event);
    return {
      ...{ id, at, text, note: more, about: { text: title, path: `/admin/topics/${topicId}` } },
      by: userId && username ? { id: userId, username } : undefined,
    };
  });
}
