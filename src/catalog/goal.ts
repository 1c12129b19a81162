/**
 * What the votes of a topic should settle: its first ranks, by their number from 1 (the winner) to 50, or the
 * whole order.
 */
export type Goal = number | 'order';

/** The most ranks that a goal can have. */
export const MAX_GOAL = 50;

/** The goal of a topic for which nobody has chosen one. */
export const DEFAULT_GOAL: Goal = 20;

/**
 * Reads a goal: `winner`, `top 3` (1 to 50 ranks), or `order`, in any case.
 * @returns undefined when the text is none of these
 */
export function parseGoal(text: string): Goal | undefined {
  const words = text.trim().toLowerCase();
  if (words === 'order') return 'order';
  if (words === 'winner') return 1;
  const ranks = Number(/^top (\d{1,2})$/.exec(words)?.[1]);
  return ranks >= 1 && ranks <= MAX_GOAL ? ranks : undefined;
}

/** Writes a goal as `parseGoal` reads it: `winner`, `top 3` or `order`. */
export const formatGoal = (goal: Goal): string =>
  goal === 'order' ? goal : goal === 1 ? 'winner' : `top ${goal}`;

/** The lengths of a Top that is chosen by the number of things, longest first. */
export const TOP_SIZES = [20, 10, 5, 3];

/**
 * The longest of these Tops that leaves out at least as many things as it takes in: a Top 20 of 21 things would say
 * little. Undefined for fewer than six things.
 */
export const longestTop = (things: number): number | undefined => TOP_SIZES.find((top) => 2 * top <= things);

/**
 * The goal that fits a number of things. A goal of so many ranks that no thing is left out says nothing. Then it
 * becomes the longest Top that fits, or the winner.
 * @param things how many things can be voted on
 */
export function fitGoal(goal: Goal, things: number): Goal {
  if (goal === 'order' || goal < things) return goal;
  return longestTop(things) ?? 1;
}
