import type { Random } from './random.js';
import type { DrawnPair, Selector } from './selector.js';

/** What decides where a voter goes who walks from thing to thing. */
export interface WalkRules {
  random: Random;
  /** Whether the voter must not be sent to a thing now. */
  isAvoided: (thing: number) => boolean;
  /** Whether the voter has answered a pair already. Without it, the caller leaves out answered pairs. */
  isAnswered?: (one: number, other: number) => boolean;
  /** How many others are at a thing, or on their way to it. */
  othersAt: (thing: number) => number;
  /** So many voters see each thing before the goal decides. */
  visits: number;
}

/** While there are other things, nobody is sent to a thing with so many others. */
export const CROWD = 2;

/** A voter compares a thing with the one before it and with the one after it. */
const VOTES_A_VISIT = 2;

/**
 * Draws the pair for a voter who walks: the thing that they stand at, and another one to go to. As long as a thing has
 * had too few visits, it is one of those with the fewest. After that it is one whose comparison tells most about the
 * goal, as `Selector.draw` has it. Votes are what is known of visits, and a visit gives two of them at most.
 * @param kept where the voter stands; undefined before the first pair, which has two things to go to
 * @returns undefined when no pair is left
 */
export function drawStop(
  selector: Selector,
  kept: number | undefined,
  rules: WalkRules,
): DrawnPair | undefined {
  const isFull = (thing: number): boolean => rules.isAvoided(thing) || rules.othersAt(thing) >= CROWD;
  for (const isAvoided of [isFull, rules.isAvoided]) {
    const pair = drawAway(selector, kept, { ...rules, isAvoided });
    if (pair) return pair;
  }
  return undefined;
}

function drawAway(selector: Selector, kept: number | undefined, rules: WalkRules): DrawnPair | undefined {
  const { random, isAvoided, isAnswered = () => false } = rules;
  if (kept === undefined) {
    const first = leastVisited(selector, undefined, rules);
    return first === undefined
      ? selector.draw(random, isAvoided, isAnswered)
      : drawAway(selector, first, rules);
  }
  const other = leastVisited(selector, kept, rules);
  if (other !== undefined) return { one: kept, other, strategy: 'explore' };
  return selector.drawWith(kept, random, (thing) => isAvoided(thing) || isAnswered(kept, thing));
}

/** One of the things with the fewest visits; undefined when all have had enough. */
function leastVisited(
  selector: Selector,
  kept: number | undefined,
  { random, isAvoided, isAnswered = () => false, othersAt, visits }: WalkRules,
): number | undefined {
  const start = Math.floor(random() * selector.size);
  let [best, fewest]: [number | undefined, number] = [undefined, visits];
  for (let step = 0; step < selector.size; step++) {
    const thing = (start + step) % selector.size;
    const seen = selector.votesOn(thing) / VOTES_A_VISIT + othersAt(thing);
    if (seen >= fewest || thing === kept || isAvoided(thing)) continue;
    if (kept === undefined || !isAnswered(kept, thing)) [best, fewest] = [thing, seen];
  }
  return best;
}
