import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { seesResults } from '../ranking/boards/visit-topic.js';
import { estimatesOf } from '../ranking/math/online-update.js';
import { isExcluded } from '../ranking/ranker/ledger.js';
import type { Answers } from './rank-answers.js';

/** A topic in which a voter has answers. */
export interface OwnTopic {
  board: Board;
  /** How many answers stand, without skips. */
  votes: number;
  /** Whether the voter sees the ranking of everyone. */
  showsCrowd: boolean;
  /** Changes with each change of those answers, and with each fit of the topic. */
  state: string;
}

/** Lists the topics in which a voter has answers. The topic of the latest answer, or skip, comes first. */
export async function ownTopics(db: Database, boards: Boards, voterId: number): Promise<OwnTopic[]> {
  const { rows } = await sql<OwnTopicRow>`
    select topic_id, count(*) filter (where withdrawn_at is null and outcome <> 'skip') as votes,
      max(id) as latest, count(withdrawn_at) as withdrawn,
      exists (select from topic_roles as own where own.topic_id = votes.topic_id and user_id = ${voterId}) as has_role
    from votes where voter_id = ${voterId} group by topic_id order by latest desc`.execute(db);
  return rows.flatMap(({ topicId, votes, latest, withdrawn, hasRole }) => {
    const board = boards.byTopic(topicId);
    if (!board || votes === 0) return [];
    const showsCrowd = seesResults(board, { hasRole, answers: votes });
    const fittedAt = board.fit?.fittedAt.getTime();
    return [
      {
        board,
        votes,
        showsCrowd,
        state: `${latest} ${withdrawn} ${votes} ${board.size} ${fittedAt} ${showsCrowd}`,
      },
    ];
  });
}

interface OwnTopicRow {
  topicId: number;
  votes: number;
  latest: number;
  withdrawn: number;
  hasRole: boolean;
}

/**
 * Reads a voter's standing answers in a topic, oldest first, without skips and without things that were taken
 * down. Where the voter does not see the ranking of everyone, nothing of it is in the result.
 * @returns the answers, and the id of the thing behind each number
 */
export async function ownAnswers(
  db: Database,
  voterId: number,
  { board, showsCrowd }: Pick<OwnTopic, 'board' | 'showsCrowd'>,
): Promise<{ answers: Answers; ids: number[] }> {
  // Four lists, not one row for each answer: to read thousands of rows would block all other requests.
  const { rows } = await sql<Record<'lefts' | 'rights' | 'scores' | 'weights', number[]>>`
    select coalesce(json_agg(left_id order by id), '[]') as lefts,
      coalesce(json_agg(right_id order by id), '[]') as rights,
      coalesce(json_agg(case outcome when 'left' then 1 when 'right' then 0 else 0.5 end order by id), '[]') as scores,
      coalesce(json_agg(case when created_at <= ${board.loadedAt} and not ${isExcluded('votes')}
        then coalesce(weight, 1) else 0 end order by id), '[]') as weights
    from votes left join vote_weights on vote_id = id
    where voter_id = ${voterId} and topic_id = ${board.topic.id} and withdrawn_at is null and outcome <> 'skip'`.execute(
    db,
  );
  const [{ lefts, rights, scores, weights } = { lefts: [], rights: [], scores: [], weights: [] }] = rows;
  const onBoard = [...lefts.keys()].filter(
    (at) => board.find(lefts[at] as number) && board.find(rights[at] as number),
  );
  const numbers = new Map<number, number>();
  const numberOf = (id: number): number => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  };
  const left = Int32Array.from(onBoard, (at) => numberOf(lefts[at] as number));
  const right = Int32Array.from(onBoard, (at) => numberOf(rights[at] as number));
  const score = Float32Array.from(onBoard, (at) => scores[at] as number);
  const weightInCrowd = Float32Array.from(onBoard, (at) => (showsCrowd ? (weights[at] as number) : 0));
  const ids = [...numbers.keys()];
  const standings = ids.flatMap((id) => board.find(id) ?? []);
  const crowd = estimatesOf(showsCrowd ? standings : standings.map(() => ({ mean: 0, variance: 1 })));
  return { answers: { size: ids.length, left, right, score, weightInCrowd, crowd }, ids };
}
