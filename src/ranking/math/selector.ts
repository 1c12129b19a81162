import type { Goal } from '../../catalog/goal.js';
import { focusWeights } from './focus-weights.js';
import { type Estimates, winChance } from './online-update.js';
import type { Random } from './random.js';

/** What a selector needs: the estimates, and how many votes have shown each thing. */
export interface SelectorInput extends Estimates {
  appearances: Int32Array;
}

/**
 * Two things to choose between, and the strategy that drew them. The order does not say which one is on the
 * left.
 */
export interface DrawnPair {
  one: number;
  other: number;
  strategy: Strategy;
}

type Strategy = 'focus' | 'explore';

/** Whether a person must not see a thing now: one they don't know, or one of their last five pairs. */
type IsAvoided = (thing: number) => boolean;

/** Whether a person has answered a pair already; called with the things in either order. */
type IsAnswered = (one: number, other: number) => boolean;

/** A thing with fewer votes than this is new, and *explore* draws it first. */
export const NEW_BELOW = 10;

const FOCUS_SHARE = 0.8;
const FOCUS_DRAWS = 8;
const FIRST_THING_DRAWS = 8;
const EXPLORE_DRAWS = 16;
const ATTEMPTS = 16;

/**
 * Draws the pairs whose answers tell most about a topic's goal. Four in five pairs (*focus*) are of things
 * that matter to it: those that may or may not belong in the top, or all things when the goal is the whole
 * order. One in five (*explore*) is from the whole list, with the thing that
 * was shown least first: so every thing is shown, and there is an unbiased sample.
 *
 * A selector copies the estimates of one moment. A copy that is older by one vote a thing costs no accuracy
 * that matters. The numbers were chosen by simulation: docs/ranking.md.
 */
export class Selector {
  readonly size: number;
  private readonly means: Float64Array;
  private readonly variances: Float64Array;
  private readonly appearances: Int32Array;
  /** How much each thing matters to the goal, from 0 to 1. */
  private readonly weights: Float64Array;
  /** The running sums of `weights`. */
  private readonly sums: Float64Array;
  private readonly newThings: Int32Array;
  private readonly allThings: Int32Array;

  /** @param goal what the votes should settle; one that fits the number of things (`fitGoal`) */
  constructor({ means, variances, appearances }: SelectorInput, goal: Goal) {
    this.size = means.length;
    this.means = means.slice();
    this.variances = variances.slice();
    this.appearances = appearances.slice();
    this.weights = focusWeights({ means, variances }, goal);
    let total = 0;
    this.sums = this.weights.map((weight) => {
      total += weight;
      return total;
    });
    this.allThings = appearances.map((_, thing) => thing);
    this.newThings = this.allThings.filter((thing) => (appearances[thing] as number) < NEW_BELOW);
  }

  /**
   * Draws the next pair, by looking at about two dozen things. Without `isAnswered` the caller has to discard
   * answered pairs and draw again; then a small topic can seem empty before its last pairs are drawn.
   * @returns undefined when no pair is left; the caller decides which thing is on the left
   */
  draw(
    random: Random,
    isAvoided: IsAvoided = noThing,
    isAnswered: IsAnswered = noPair,
  ): DrawnPair | undefined {
    const rules = { random, isAvoided, isAnswered };
    const strategy = random() < FOCUS_SHARE ? 'focus' : 'explore';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const one = strategy === 'focus' ? this.openThing(rules) : this.leastShown(rules);
      if (one === undefined) break;
      const other = this.bestOpponent(one, strategy, rules);
      if (other !== undefined) return { one, other, strategy };
    }
    return this.anyPair(rules);
  }

  /**
   * The opponent against which an answer would tell most about a thing, among a few random ones, or else any
   * thing that is not avoided.
   * @returns undefined when no opponent is left
   */
  opponentOf(thing: number, random: Random, isAvoided: IsAvoided): number | undefined {
    const opponent = this.bestOpponent(thing, 'explore', { random, isAvoided, isAnswered: noPair });
    if (opponent !== undefined) return opponent;
    const left = this.allThings.filter((other) => other !== thing && !isAvoided(other));
    return left[Math.floor(random() * left.length)];
  }

  /**
   * Draws an opponent for a thing that is shown in any case. It follows the goal as often as `draw` does.
   * @returns undefined when no opponent is left
   */
  drawWith(one: number, random: Random, isAvoided: IsAvoided): DrawnPair | undefined {
    const strategy = random() < FOCUS_SHARE ? 'focus' : 'explore';
    const drawn = this.bestOpponent(one, strategy, { random, isAvoided, isAnswered: noPair });
    const other = drawn ?? this.opponentOf(one, random, isAvoided);
    return other === undefined
      ? undefined
      : { one, other, strategy: drawn === undefined ? 'explore' : strategy };
  }

  /** How many votes have shown a thing. */
  votesOn(thing: number): number {
    return this.appearances[thing] ?? 0;
  }

  private openThing({ random, isAvoided }: DrawRules): number | undefined {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const thing = this.drawByWeight(random);
      if (!isAvoided(thing)) return thing;
    }
    return undefined;
  }

  private leastShown(rules: DrawRules): number | undefined {
    return this.leastShownOf(this.newThings, rules) ?? this.leastShownOf(this.allThings, rules);
  }

  private leastShownOf(things: Int32Array, { random, isAvoided }: DrawRules): number | undefined {
    let [best, fewest]: [number | undefined, number] = [undefined, Infinity];
    for (let draw = 0; draw < FIRST_THING_DRAWS && things.length > 0; draw++) {
      const thing = things[Math.floor(random() * things.length)] as number;
      const shown = this.appearances[thing] as number;
      if (shown < fewest && !isAvoided(thing)) [best, fewest] = [thing, shown];
    }
    return best;
  }

  /** Draws a few things. @returns the one against which an answer would tell most */
  private bestOpponent(
    one: number,
    strategy: Strategy,
    { random, isAvoided, isAnswered }: DrawRules,
  ): number | undefined {
    const { means, variances, weights, size } = this;
    const isFocus = strategy === 'focus';
    const mean = means[one] as number;
    const uncertainty = (variances[one] as number) * (isFocus ? (weights[one] as number) : 1);
    let [best, largestGain]: [number | undefined, number] = [undefined, -1];
    for (let draw = isFocus ? FOCUS_DRAWS : EXPLORE_DRAWS; draw > 0; draw--) {
      const thing = isFocus ? this.drawByWeight(random) : Math.floor(random() * size);
      if (thing === one || isAvoided(thing) || isAnswered(one, thing)) continue;
      const chance = winChance(mean - (means[thing] as number));
      const otherUncertainty = (variances[thing] as number) * (isFocus ? (weights[thing] as number) : 1);
      const gain = chance * (1 - chance) * (uncertainty + otherUncertainty);
      if (gain > largestGain) [best, largestGain] = [thing, gain];
    }
    return best;
  }

  private drawByWeight(random: Random): number {
    const { sums, size } = this;
    const target = random() * (sums[size - 1] as number);
    let [low, high] = [0, size - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  // Few pairs or few things are left here, so it looks at every pair, from a random one on.
  private anyPair({ random, isAvoided, isAnswered }: DrawRules): DrawnPair | undefined {
    const left = this.allThings.filter((thing) => !isAvoided(thing));
    const start = Math.floor(random() * left.length);
    for (let step = 0; step < left.length; step++) {
      const one = left[(start + step) % left.length] as number;
      for (let distance = 1; step + distance < left.length; distance++) {
        const other = left[(start + step + distance) % left.length] as number;
        if (!isAnswered(one, other)) return { one, other, strategy: 'explore' };
      }
    }
    return undefined;
  }
}

interface DrawRules {
  random: Random;
  isAvoided: IsAvoided;
  isAnswered: IsAnswered;
}

const noThing: IsAvoided = () => false;
const noPair: IsAnswered = () => false;
