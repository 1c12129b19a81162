import { sql } from 'kysely';
import type { Database } from '../database.js';

/**
 * On which days a person voted, and how many of those votes stand. A day is one in UTC; one whose votes were all taken
 * back later was a day of voting all the same.
 */
export interface Streaks {
  /** Answers today, skips left out. */
  today: number;
  /** Days in a row with an answer, up to today or yesterday. */
  current: number;
  longest: number;
  /** The last two weeks, oldest first. */
  days: { day: Date; votes: number }[];
}

/** Reads on which days a person voted. */
export async function streaksOf(db: Database, voter: number): Promise<Streaks> {
  const { rows } = await sql<{ day: number; votes: number; today: number }>`
    select floor(extract(epoch from created_at) / 86400)::int as day,
      count(*) filter (where withdrawn_at is null) as votes,
      floor(extract(epoch from now()) / 86400)::int as today
    from votes where voter_id = ${voter} and outcome <> 'skip' group by day order by day`.execute(db);
  const votes = new Map(rows.map((row) => [row.day, row.votes]));
  const today = rows[0]?.today ?? Math.floor(Date.now() / DAY_MS);
  let [run, longest] = [0, 0];
  for (const { day } of rows) {
    run = votes.has(day - 1) ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  const isOn = (rows.at(-1)?.day ?? 0) >= today - 1;
  const days = Array.from({ length: SHOWN_DAYS }, (_, index) => today - SHOWN_DAYS + 1 + index);
  return {
    today: votes.get(today) ?? 0,
    current: isOn ? run : 0,
    longest,
    days: days.map((day) => ({ day: new Date(day * DAY_MS), votes: votes.get(day) ?? 0 })),
  };
}

const [DAY_MS, SHOWN_DAYS] = [24 * 3600 * 1000, 14];
