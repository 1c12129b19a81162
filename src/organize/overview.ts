import { sql } from 'kysely';
import type { OrganizedTopic } from '../catalog/organized-topic.js';
import { phaseAt } from '../catalog/phase.js';
import type { Database } from '../database.js';
import type { Words } from '../http/words.js';
import type { Board } from '../ranking/boards/board.js';
import { describeSettled, isSettled, titleOf } from '../ranking/boards/describe-goal.js';
import { type GoalCourse, makeGoalCourse } from '../ranking/pages/goal-course.js';
import type { TopicPhase } from '../schema.js';

/** How far a topic has come. */
export interface Overview {
  phase: TopicPhase;
  /** Its goal, as the title of what is looked for: "Find the Top 5 of 14". */
  goal: string;
  isSettled: boolean;
  /** How sure the goal is, in a sentence; empty before the first vote. */
  settled: Words;
  /** The share of the goal that is expected to be right, in percent; undefined before the first vote. */
  percent: number | undefined;
  course: GoalCourse | undefined;
  size: number;
  votes: number;
  voters: number;
  /** The next moment at which it opens or closes by itself. */
  next: { label: string; at: Date } | undefined;
}

/** Describes how far a topic has come, from its board in memory. */
export async function readOverview(
  db: Database,
  { topic }: Pick<OrganizedTopic, 'topic'>,
  board: Board,
): Promise<Overview> {
  const phase = phaseAt(topic);
  const { size, votes, expectedShare } = board;
  return {
    ...{ phase, size, votes, voters: await countVoters(db, topic.id), next: nextMoment(topic, phase) },
    goal: describeGoal(board),
    isSettled: isSettled(board),
    settled: describeSettled(board),
    percent: votes > 0 && size > 1 ? Math.round(100 * expectedShare) : undefined,
    course: makeGoalCourse(board),
  };
}

function describeGoal({ goal, size }: Board): string {
  if (goal === 'order') return `Find the whole order of ${size}`;
  return goal === 1 ? `Find the winner of ${size}` : `Find the ${titleOf(goal)} of ${size}`;
}

/** Counts the voters of a topic whose answers stand, skips left out. */
export async function countVoters(db: Database, topicId: number): Promise<number> {
  const { rows } = await sql<{ voters: number }>`
    select count(*)::int as voters from topic_voters where topic_id = ${topicId} and votes > skips`.execute(
    db,
  );
  return rows[0]?.voters ?? 0;
}

function nextMoment({ opensAt, closesAt }: OrganizedTopic['topic'], phase: TopicPhase): Overview['next'] {
  if (phase === 'draft' && opensAt) return { label: 'opens', at: opensAt };
  return phase !== 'closed' && closesAt ? { label: 'closes', at: closesAt } : undefined;
}
