/**
 * Sorts numbers that are spread out, largest first, in linear time. It distributes them over twice as many
 * buckets as there are numbers. An insertion sort then corrects the few that are still in the wrong order.
 */
export class BucketSort {
  private readonly starts: Int32Array;
  private readonly bucketOf: Int32Array;
  private readonly sorted: Int32Array;

  /** @param size how many numbers each call sorts */
  constructor(size: number) {
    this.starts = new Int32Array(2 * size + 1);
    this.bucketOf = new Int32Array(size);
    this.sorted = new Int32Array(size);
  }

  /** @returns the indexes of the values, largest value first; the next call overwrites this array */
  sort(values: Float64Array): Int32Array {
    const { starts, bucketOf, sorted } = this;
    let [largest, smallest] = [-Infinity, Infinity];
    for (const value of values) {
      if (value > largest) largest = value;
      if (value < smallest) smallest = value;
    }
    const scale = largest > smallest ? (starts.length - 2) / (largest - smallest) : 0;
    starts.fill(0);
    for (let index = 0; index < values.length; index++) {
      const bucket = ((largest - (values[index] as number)) * scale) | 0;
      bucketOf[index] = bucket;
      starts[bucket + 1] = (starts[bucket + 1] as number) + 1;
    }
    for (let bucket = 1; bucket < starts.length; bucket++)
      starts[bucket] = (starts[bucket] as number) + (starts[bucket - 1] as number);
    for (let index = 0; index < values.length; index++) {
      const bucket = bucketOf[index] as number;
      const rank = starts[bucket] as number;
      starts[bucket] = rank + 1;
      sorted[rank] = index;
    }
    for (let rank = 1; rank < sorted.length; rank++) {
      const index = sorted[rank] as number;
      const value = values[index] as number;
      let free = rank;
      for (; free > 0 && (values[sorted[free - 1] as number] as number) < value; free--)
        sorted[free] = sorted[free - 1] as number;
      sorted[free] = index;
    }
    return sorted;
  }
}
