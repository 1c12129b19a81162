import { type Field, winChance } from './online.js';
import type { Random } from './random.js';
import { cutOf } from './top-threshold.js';

/** What a selector is built from: the beliefs, and how many votes each thing has been shown in. */
export interface Standing extends Field {
  appearances: Int32Array;
}

/**
 * Two things to choose between, and which part of the selection drew them; which side is which is not said.
 */
export interface Drawn {
  one: number;
  other: number;
  strategy: 'focus' | 'explore';
}

/** Which things a person is not to be shown now: those they don't know and those of their last five pairs. */
export type Avoids = (thing: number) => boolean;

/** Which pairs a person is not to be shown again; called with the things in either order. */
export type Answered = (one: number, other: number) => boolean;

/** Votes below which a thing is new, and comes first when the selection looks around. */
export const NEW_BELOW = 10;

const FOCUS = 0.8;
const FOCUS_DRAWS = 8;
const ANCHOR_DRAWS = 8;
const EXPLORE_DRAWS = 16;

/**
 * Draws the pairs that tell most about who belongs in the top: four in five among things whose place there
 * is open, one in five from the whole list, the least seen first, so that nobody is left out and there is
 * an honest sample. It works on a copy of one moment; a ranking as old as one vote a thing costs no
 * accuracy that matters. Chosen by simulation: docs/ranking.md.
 */
export class Selector {
  readonly size: number;
  private readonly means: Float64Array;
  private readonly variances: Float64Array;
  private readonly appearances: Int32Array;
  /** How much a thing's place in the top is open, from 0 to 1, and the running sums of that. */
  private readonly weights: Float64Array;
  private readonly sums: Float64Array;
  /** Things with fewer than ten votes. */
  private readonly fresh: Int32Array;
  private readonly all: Int32Array;

  /**
   * @param topSize how many places count, 20 on the board; a topic under 40 things has its middle contested
   */
  constructor({ means, variances, appearances }: Standing, topSize = 20) {
    this.size = means.length;
    this.means = means.slice();
    this.variances = variances.slice();
    this.appearances = appearances.slice();
    this.weights = new Float64Array(this.size);
    this.sums = new Float64Array(this.size);
    const cut = cutOf(means, topSize);
    let total = 0;
    for (let thing = 0; thing < this.size; thing++) {
      const gap = (means[thing] as number) - cut;
      // A long tail, not a Gaussian's: one unlucky vote must not lose a strong thing among very many.
      const near = 1 / (1 + (gap * gap) / (6.4 * (variances[thing] as number)));
      const weight = near * near * near * near * near;
      total += weight;
      this.weights[thing] = weight;
      this.sums[thing] = total;
    }
    this.all = appearances.map((_, thing) => thing);
    this.fresh = this.all.filter((thing) => (appearances[thing] as number) < NEW_BELOW);
  }

  /**
   * The next pair, by about two dozen looks at the snapshot. A caller that doesn't pass what the person has
   * answered throws such a pair away and draws again, but then small topics can run dry before their last
   * pairs are drawn.
   * @returns undefined when no pair is left; the coin for the sides is the caller's to toss
   */
  draw(random: Random, avoids: Avoids = noThing, answered: Answered = noPair): Drawn | undefined {
    const strategy = random() < FOCUS ? 'focus' : 'explore';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const one = strategy === 'focus' ? this.contested(random, avoids) : this.leastSeen(random, avoids);
      if (one === undefined) break;
      const other = this.opponent(one, strategy, random, avoids, answered);
      if (other !== undefined) return { one, other, strategy };
    }
    return this.anyPair(random, avoids, answered);
  }

  /**
   * Against which thing an answer would tell most about a given one, of a few drawn anywhere or of all that are left.
   * @returns undefined when none is left
   */
  opponentOf(thing: number, random: Random, avoids: Avoids): number | undefined {
    const drawn = this.opponent(thing, 'explore', random, avoids, noPair);
    if (drawn !== undefined) return drawn;
    const left = this.all.filter((other) => other !== thing && !avoids(other));
    return left[Math.floor(random() * left.length)];
  }

  private contested(random: Random, avoids: Avoids): number | undefined {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const thing = this.byWeight(random);
      if (!avoids(thing)) return thing;
    }
    return undefined;
  }

  private leastSeen(random: Random, avoids: Avoids): number | undefined {
    return this.leastSeenOf(this.fresh, random, avoids) ?? this.leastSeenOf(this.all, random, avoids);
  }

  private leastSeenOf(things: Int32Array, random: Random, avoids: Avoids): number | undefined {
    let [best, fewest]: [number | undefined, number] = [undefined, Infinity];
    for (let draw = 0; draw < ANCHOR_DRAWS && things.length > 0; draw++) {
      const thing = things[Math.floor(random() * things.length)] as number;
      const seen = this.appearances[thing] as number;
      if (seen < fewest && !avoids(thing)) [best, fewest] = [thing, seen];
    }
    return best;
  }

  /** Of a few drawn things the one against which an answer would tell most. */
  private opponent(
    one: number,
    strategy: Drawn['strategy'],
    random: Random,
    avoids: Avoids,
    answered: Answered,
  ): number | undefined {
    const { means, variances, weights, size } = this;
    const focused = strategy === 'focus';
    const mean = means[one] as number;
    const open = (variances[one] as number) * (focused ? (weights[one] as number) : 1);
    let [best, most]: [number | undefined, number] = [undefined, -1];
    for (let draw = focused ? FOCUS_DRAWS : EXPLORE_DRAWS; draw > 0; draw--) {
      const thing = focused ? this.byWeight(random) : Math.floor(random() * size);
      if (thing === one || avoids(thing) || answered(one, thing)) continue;
      const chance = winChance(mean - (means[thing] as number));
      const itsOpen = (variances[thing] as number) * (focused ? (weights[thing] as number) : 1);
      const gain = chance * (1 - chance) * (open + itsOpen);
      if (gain > most) [best, most] = [thing, gain];
    }
    return best;
  }

  private byWeight(random: Random): number {
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

  // Who comes here has few pairs left, or few things: every one of them is looked at, from a random place on.
  private anyPair(random: Random, avoids: Avoids, answered: Answered): Drawn | undefined {
    const left = this.all.filter((thing) => !avoids(thing));
    const from = Math.floor(random() * left.length);
    for (let step = 0; step < left.length; step++) {
      const one = left[(from + step) % left.length] as number;
      for (let further = 1; step + further < left.length; further++) {
        const other = left[(from + step + further) % left.length] as number;
        if (!answered(one, other)) return { one, other, strategy: 'explore' };
      }
    }
    return undefined;
  }
}

const ATTEMPTS = 16;

const noThing: Avoids = () => false;
const noPair: Answered = () => false;
