import { number } from '../../http/format.js';
import type { Board, GoalProgress } from '../boards/board.js';
import { SETTLED } from '../boards/describe-goal.js';

/** A small curve of how much of a topic's goal was expected to be right as votes came in. */
export interface GoalCourse {
  /**
   * SVG path data in a square of 100 by 100. At the top, all of the goal is right. The bottom is below the lowest
   * point.
   */
  line: string;
  /** SVG path data for the area under the line. */
  area: string;
  /** The end of the line, in percent from the left and the top. */
  end: { x: number; y: number };
  /** How far from the top the goal counts as settled, in percent. */
  settledAt: number;
  /** The course of the curve in a sentence. */
  sentence: string;
}

/**
 * Makes the curve of a board, from its recorded progress and its state now.
 * @returns undefined while there are fewer than three points
 */
export function makeGoalCourse({ progress, votes, expectedShare, size }: Board): GoalCourse | undefined {
  const now = { votes, expectedShare };
  const points = [...thinned(progress.filter((point) => point.votes < votes)), now];
  const [first] = points;
  if (!first || points.length < MIN_POINTS || size < 2) return undefined;
  const bottom = Math.max(Math.min(...points.map((point) => point.expectedShare)) - MARGIN, 0);
  const height = (share: number): number => round((100 * (1 - share)) / (1 - bottom));
  const toPoint = (point: GoalProgress) => ({
    x: round((100 * (point.votes - first.votes)) / (votes - first.votes)),
    y: height(point.expectedShare),
  });
  const line = points.map(toPoint).map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`);
  const percent = ({ expectedShare: share }: GoalProgress): string => `${Math.round(100 * share)}\u00a0%`;
  return {
    line: line.join(''),
    area: `${line.join('')}V100H0Z`,
    end: toPoint(now),
    settledAt: height(SETTLED),
    sentence: `Expected to be right: ${percent(first)} after ${number(first.votes)} votes, ${percent(now)} after ${number(votes)}.`,
  };
}

/** How far the bottom is below the lowest point, as a share of the goal. */
const MARGIN = 0.15;
const MIN_POINTS = 3;
const MAX_POINTS = 40;

/** Leaves out points between others, so that at most 40 remain. */
function thinned(points: GoalProgress[]): GoalProgress[] {
  const step = Math.max(Math.ceil(points.length / MAX_POINTS), 1);
  return points.filter((_point, index) => (points.length - 1 - index) % step === 0);
}

const round = (percent: number): number => Math.round(percent * 100) / 100;
