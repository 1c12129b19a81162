/**
 * The log-strength that separates the top from the rest: midway between the last thing in and the first thing
 * out. When no thing is left out, the weakest one is out instead.
 * @param topSize how many ranks the top has, from 1
 * @returns 0 in a topic of fewer than two things
 */
export function topThreshold(means: Float64Array, topSize: number): number {
  const ranks = Math.min(topSize, means.length - 1);
  if (ranks < 1) return 0;
  // Selects the strongest `ranks + 1` in one pass, because a full sort takes longer.
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
