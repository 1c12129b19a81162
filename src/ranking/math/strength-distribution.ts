import type { Estimates } from './online-update.js';
import type { NormalTable } from './random.js';

const DRAWS = 8;
const BINS = 4_096;

/** How the strengths of many things are distributed, as a histogram of random draws from their estimates. */
export class StrengthDistribution {
  private readonly weakest: number;
  private readonly width: number;
  /** How many things are above the lower edge of each bin, on average. */
  private readonly countAbove = new Float64Array(BINS + 1);

  constructor({ means, variances }: Estimates, things: Int32Array, normals: NormalTable) {
    const drawn = new Float64Array(things.length * DRAWS);
    let [weakest, strongest] = [Infinity, -Infinity];
    for (let index = 0; index < things.length; index++) {
      const thing = things[index] as number;
      const error = Math.sqrt(variances[thing] as number);
      const start = normals.randomStart();
      for (let draw = 0; draw < DRAWS; draw++) {
        const strength = (means[thing] as number) + error * normals.at(start + draw);
        drawn[index * DRAWS + draw] = strength;
        if (strength < weakest) weakest = strength;
        if (strength > strongest) strongest = strength;
      }
    }
    this.weakest = weakest;
    this.width = (strongest - weakest) / BINS || 1;
    const { countAbove } = this;
    for (const strength of drawn) {
      const bin = Math.min(Math.floor((strength - weakest) / this.width), BINS - 1);
      countAbove[bin] = (countAbove[bin] as number) + 1 / DRAWS;
    }
    for (let bin = BINS - 1; bin >= 0; bin--)
      countAbove[bin] = (countAbove[bin] as number) + (countAbove[bin + 1] as number);
  }

  /** How many things are stronger than a strength, on average: a fraction, from 0 to the number of things. */
  expectedAbove(strength: number): number {
    const position = (strength - this.weakest) / this.width;
    if (!(position > 0)) return this.countAbove[0] as number;
    if (position >= BINS) return 0;
    const bin = Math.floor(position);
    const atLowerEdge = this.countAbove[bin] as number;
    return atLowerEdge + (position - bin) * ((this.countAbove[bin + 1] as number) - atLowerEdge);
  }

  /** The strength that `count` things exceed on average, to the width of a bin. */
  strengthExceededBy(count: number): number {
    let bin = BINS;
    while (bin > 0 && (this.countAbove[bin] as number) < count) bin--;
    return this.weakest + bin * this.width;
  }
}
