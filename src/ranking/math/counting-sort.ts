/**
 * Sorts numbers that lie spread out, largest first, in a time that grows as their number: into twice as many
 * pigeonholes as there are numbers, then by insertion, as only a few are still in the wrong order.
 */
export class CountingSort {
  private readonly holes: Int32Array;
  private readonly holeOf: Int32Array;
  private readonly sorted: Int32Array;

  /** @param size how many numbers each call sorts */
  constructor(size: number) {
    this.holes = new Int32Array(2 * size + 1);
    this.holeOf = new Int32Array(size);
    this.sorted = new Int32Array(size);
  }

  /** The positions of the values by falling value; good until the next call. */
  sort(values: Float64Array): Int32Array {
    const { holes, holeOf, sorted } = this;
    let [most, least] = [-Infinity, Infinity];
    for (const value of values) {
      if (value > most) most = value;
      if (value < least) least = value;
    }
    const scale = most > least ? (holes.length - 2) / (most - least) : 0;
    holes.fill(0);
    for (let at = 0; at < values.length; at++) {
      const hole = ((most - (values[at] as number)) * scale) | 0;
      holeOf[at] = hole;
      holes[hole + 1] = (holes[hole + 1] as number) + 1;
    }
    for (let hole = 1; hole < holes.length; hole++)
      holes[hole] = (holes[hole] as number) + (holes[hole - 1] as number);
    for (let at = 0; at < values.length; at++) {
      const hole = holeOf[at] as number;
      const index = holes[hole] as number;
      holes[hole] = index + 1;
      sorted[index] = at;
    }
    for (let index = 1; index < sorted.length; index++) {
      const at = sorted[index] as number;
      const value = values[at] as number;
      let free = index;
      for (; free > 0 && (values[sorted[free - 1] as number] as number) < value; free--)
        sorted[free] = sorted[free - 1] as number;
      sorted[free] = at;
    }
    return sorted;
  }
}
