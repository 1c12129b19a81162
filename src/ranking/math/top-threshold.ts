/** How many things a Top page shows. */
export const TOP = 20;
/**
 * The log-strength that a thing has to pass to be among the top: midway between the last one in and the first
 * one out. In a topic of fewer than twice as many things it is the middle of the whole list.
 * @param topSize how many places the top has, from 1
 * @returns 0 in a topic of less than two things, where nothing is out
 */
export function cutOf(means: Float64Array, topSize: number): number {
  const ranks = Math.min(topSize, means.length >> 1);
  if (ranks < 1) return 0;
  // The strongest `ranks + 1` in falling order: one look at each thing, and few of them get in.
  const strongest = new Float64Array(ranks + 1).fill(-Infinity);
  for (const mean of means) {
    if (!(mean > (strongest[ranks] as number))) continue;
    let rank = ranks;
    for (; rank > 0 && (strongest[rank - 1] as number) < mean; rank--)
      strongest[rank] = strongest[rank - 1] as number;
    strongest[rank] = mean;
  }
  return ((strongest[ranks - 1] as number) + (strongest[ranks] as number)) / 2;
}
