import { sql } from 'kysely';
import type { Database } from '../database.js';

/**
 * On which days (UTC) a user voted, and how many of those votes stand. A day counts also when all its votes
 * were taken back.
 */
export interface Streaks {
  /** Standing answers of today, without skips. */
  today: number;
  /** The number of days in a row with an answer, up to today or yesterday. */
  current: number;
  /** The largest number of days in a row so far. */
  longest: number;
  /** The last two weeks, oldest first. */
  days: { day: Date; votes: number }[];
  /** On how many of these days the user voted. */
  active: number;
}

/** Reads on which days a user voted. */
export async function streaksOf(db: Database, voterId: number): Promise<Streaks> {
  const { rows } = await sql<{ day: number; votes: number; today: number }>`
    select floor(extract(epoch from created_at) / 86400)::int as day,
      count(*) filter (where withdrawn_at is null) as votes,
      floor(extract(epoch from now()) / 86400)::int as today
    from votes where voter_id = ${voterId} and outcome <> 'skip' group by day order by day`.execute(db);
  const votes = new Map(rows.map((row) => [row.day, row.votes]));
  const today = rows[0]?.today ?? Math.floor(Date.now() / DAY_MS);
  let [streak, longest] = [0, 0];
  for (const { day } of rows) {
    streak = votes.has(day - 1) ? streak + 1 : 1;
    longest = Math.max(longest, streak);
  }
  const isCurrent = (rows.at(-1)?.day ?? 0) >= today - 1;
  const days = Array.from({ length: SHOWN_DAYS }, (_, index) => today - SHOWN_DAYS + 1 + index);
  const shown = days.map((day) => ({ day: new Date(day * DAY_MS), votes: votes.get(day) ?? 0 }));
  return {
    today: votes.get(today) ?? 0,
    current: isCurrent ? streak : 0,
    longest,
    days: shown,
    active: shown.filter(({ votes }) => votes > 0).length,
  };
}

const [DAY_MS, SHOWN_DAYS] = [24 * 3600 * 1000, 14];
