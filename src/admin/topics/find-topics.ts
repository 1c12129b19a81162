import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database.js';
import type { TopicAccess, TopicPhase } from '../../schema.js';

/** The lists of topics that admins choose from. */
export const TOPIC_FILTERS = ['all', 'public', 'hidden', 'deleted'] as const;

/** Which topics a list has. */
export type TopicFilter = (typeof TOPIC_FILTERS)[number];

/** A topic as admins see it. */
export interface AdminTopic {
  id: number;
  slug: string;
  title: string;
  question: string;
  access: TopicAccess;
  phase: TopicPhase;
  isDefault: boolean;
  hiddenAt: Date | null;
  deletedAt: Date | null;
  createdAt: Date;
  things: number;
  /** Votes without skips. */
  votes: number;
  voters: number;
  /** What its pictures take in the database, in bytes. */
  bytes: number;
}

/** Number of topics on a page of the list. */
export const TOPICS_PER_PAGE = 50;

const CONDITIONS: Record<TopicFilter, RawBuilder<unknown>> = {
  all: sql`deleted_at is null`,
  public: sql`deleted_at is null and access = 'public'`,
  hidden: sql`deleted_at is null and hidden_at is not null`,
  deleted: sql`deleted_at is not null`,
};

const COLUMNS = sql`topics.id, slug, title, question, access, topic_phase(phase, opens_at, closes_at, now()) as phase,
  is_default, hidden_at, deleted_at, created_at,
  (select count(*) from things where topic_id = topics.id and retired_at is null)::int as things,
  (select coalesce(sum(votes - skips), 0) from topic_voters where topic_id = topics.id)::int as votes,
  (select count(*) from topic_voters where topic_id = topics.id and votes > skips)::int as voters,
  (select coalesce(sum(bytes), 0) from topic_pictures join pictures using (hash) where topic_id = topics.id)::float8
    as bytes`;

/**
 * Finds topics by a part of their title, the newest first.
 * @param options `page` counts from 1
 */
export async function findTopics(
  db: Database,
  { query, filter, page }: { query: string; filter: TopicFilter; page: number },
): Promise<{ topics: AdminTopic[]; found: number }> {
  const { rows } = await sql<AdminTopic & { found: number }>`
    select ${COLUMNS}, count(*) over ()::int as found from topics
    where strpos(lower(title), lower(${query})) > 0 and ${CONDITIONS[filter]}
    order by id desc limit ${TOPICS_PER_PAGE} offset ${(page - 1) * TOPICS_PER_PAGE}`.execute(db);
  return { topics: rows, found: rows[0]?.found ?? 0 };
}

/** Finds a topic by its id; undefined when there is none. */
export async function findAdminTopic(db: Database, id: number): Promise<AdminTopic | undefined> {
  const { rows } = await sql<AdminTopic>`select ${COLUMNS} from topics where id = ${id}`.execute(db);
  return rows[0];
}
