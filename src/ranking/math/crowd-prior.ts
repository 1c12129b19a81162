import type { Field } from './online.js';
import type { Normals } from './random.js';

const DRAWS = 8;
const BINS = 4_096;

/** Many things taken together: how many of them are likely to stand above a strength. */
export class Crowd {
  private readonly least: number;
  private readonly width: number;
  /** How many stand above the lower edge of each bin, on average. */
  private readonly higher = new Float64Array(BINS + 1);

  constructor({ means, variances }: Field, things: Int32Array, normals: Normals) {
    const drawn = new Float64Array(things.length * DRAWS);
    let [least, most] = [Infinity, -Infinity];
    for (let at = 0; at < things.length; at++) {
      const thing = things[at] as number;
      const error = Math.sqrt(variances[thing] as number);
      const stream = normals.stream();
      for (let draw = 0; draw < DRAWS; draw++) {
        const strength = (means[thing] as number) + error * normals.at(stream + draw);
        drawn[at * DRAWS + draw] = strength;
        if (strength < least) least = strength;
        if (strength > most) most = strength;
      }
    }
    this.least = least;
    this.width = (most - least) / BINS || 1;
    const { higher } = this;
    for (const strength of drawn) {
      const bin = Math.min(Math.floor((strength - least) / this.width), BINS - 1);
      higher[bin] = (higher[bin] as number) + 1 / DRAWS;
    }
    for (let bin = BINS - 1; bin >= 0; bin--)
      higher[bin] = (higher[bin] as number) + (higher[bin + 1] as number);
  }

  /** How many of the crowd stand above a strength, on average: a fraction, from 0 to all. */
  above(strength: number): number {
    const at = (strength - this.least) / this.width;
    if (!(at > 0)) return this.higher[0] as number;
    if (at >= BINS) return 0;
    const bin = Math.floor(at);
    const lower = this.higher[bin] as number;
    return lower + (at - bin) * ((this.higher[bin + 1] as number) - lower);
  }

  /** The strength that so many of the crowd surpass, to the width of a bin. */
  strengthOf(places: number): number {
    let bin = BINS;
    while (bin > 0 && (this.higher[bin] as number) < places) bin--;
    return this.least + bin * this.width;
  }
}
