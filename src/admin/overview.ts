import { sql } from 'kysely';
import type { Database } from '../database.js';

/** The numbers that admins look at first. */
export interface AdminOverview {
  people: number;
  /** Accounts that wait for approval. */
  waiting: number;
  disabled: number;
  topics: number;
  hidden: number;
  /** Votes of all topics without skips, and voters who voted in the last 24 hours. */
  votes: number;
  votersToday: number;
  /** Suggestions and flags that nobody has decided on. */
  toReview: number;
  /** Alarms of the last week. */
  alarms: number;
}

/** Counts what admins look at first. */
export async function readOverview(db: Database): Promise<AdminOverview> {
  const { rows } = await sql<AdminOverview>`
    select
      (select count(*) from users where awaiting_since is null)::int as people,
      (select count(*) from users where awaiting_since is not null)::int as waiting,
      (select count(*) from users where disabled_at is not null)::int as disabled,
      (select count(*) from topics where deleted_at is null)::int as topics,
      (select count(*) from topics where deleted_at is null and hidden_at is not null)::int as hidden,
      (select coalesce(sum(votes - skips), 0) from topic_voters)::int as votes,
      (select count(distinct voter_id) from topic_voters where latest_at > now() - interval '1 day')::int
        as voters_today,
      (select count(*) from suggestions where decided_at is null)::int
        + (select count(*) from flags where decided_at is null)::int as to_review,
      (select count(*) from site_events where at > now() - interval '7 days')::int as alarms`.execute(db);
  return rows[0] as AdminOverview;
}
