import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import type { Answers } from './figures.js';

/** How much a person has answered in a topic. */
export interface OwnTopic {
  board: Board;
  /** Their answers that stand, skips left out. */
  votes: number;
  /** Changes whenever those answers do. */
  state: string;
}

/** The topics a person has answers in, most answered first. */
export async function ownTopics(db: Database, boards: Boards, voter: number): Promise<OwnTopic[]> {
  const { rows } = await sql<{ topicId: number; votes: number; latest: number; withdrawn: number }>`
    select topic_id, count(*) filter (where withdrawn_at is null and outcome <> 'skip') as votes,
      max(id) as latest, count(withdrawn_at) as withdrawn
    from votes where voter_id = ${voter} group by topic_id order by votes desc, topic_id`.execute(db);
  return rows.flatMap(({ topicId, votes, latest, withdrawn }) => {
    const board = boards.byTopic(topicId);
    return board && votes > 0
      ? [{ board, votes, state: `${latest} ${withdrawn} ${votes} ${board.size}` }]
      : [];
  });
}

/**
 * A person's standing answers in a topic about things that are still voted on, oldest first, skips left out, and
 * which thing each of their numbers is.
 */
export async function ownAnswers(
  db: Database,
  voter: number,
  board: Board,
): Promise<{ answers: Answers; ids: number[] }> {
  // Three lists and not a row an answer: thousands of rows would hold up everybody else while they are read.
  const { rows } = await sql<{ lefts: number[]; rights: number[]; scores: number[] }>`
    select coalesce(json_agg(left_id order by id), '[]') as lefts,
      coalesce(json_agg(right_id order by id), '[]') as rights,
      coalesce(json_agg(case outcome when 'left' then 1 when 'right' then 0 else 0.5 end order by id), '[]') as scores
    from votes
    where voter_id = ${voter} and topic_id = ${board.topic.id} and withdrawn_at is null and outcome <> 'skip'`.execute(
    db,
  );
  const [{ lefts, rights, scores } = { lefts: [], rights: [], scores: [] }] = rows;
  const known = [...lefts.keys()].filter(
    (at) => board.find(lefts[at] as number) && board.find(rights[at] as number),
  );
  const numbers = new Map<number, number>();
  const numberOf = (id: number): number => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  };
  const left = Int32Array.from(known, (at) => numberOf(lefts[at] as number));
  const right = Int32Array.from(known, (at) => numberOf(rights[at] as number));
  const score = Float32Array.from(known, (at) => scores[at] as number);
  return { answers: { size: numbers.size, left, right, score }, ids: [...numbers.keys()] };
}
