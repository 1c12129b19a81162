/** The votes of a topic, one element of each array a vote; arrays may be longer than `count`. */
export interface Votes {
  /** How many things there are; `left` and `right` lie below it. */
  size: number;
  count: number;
  left: Int32Array;
  right: Int32Array;
  /** 1 when the left was chosen, 0 when the right was, 0.5 when they are about the same. */
  score: Float32Array;
  /** How much each vote counts, 0 or more; votes of weight 0 are as if they had never been cast. */
  weight: Float32Array;
  /** Voters numbered from 0, without large gaps; -1 for a vote that is nobody's. */
  voter: Int32Array;
}

/**
 * Who met whom how often and how it ended: compressed rows, one a thing, each unordered pair in both rows.
 * The row of thing i is elements starts[i] up to below starts[i + 1] of the three arrays after `starts`.
 */
export interface Graph {
  size: number;
  starts: Int32Array;
  neighbours: Int32Array;
  /** Summed weight of the votes for the row's thing; a vote for neither counts half a win and half a loss. */
  wins: Float32Array;
  losses: Float32Array;
  /** How many votes show each thing, whatever their weight above 0. */
  appearances: Int32Array;
}

/**
 * Gathers votes by the pair they are about, so that a fit reads each pair once and not each vote.
 * @throws RangeError for a vote on a thing that is not there, of a thing with itself, or of weight
 * below 0
 */
export function graphOf(votes: Votes): Graph {
  const appearances = countAppearances(votes);
  const { size } = votes;
  const ends = new Int32Array(size + 1);
  for (let thing = 0; thing < size; thing++)
    ends[thing + 1] = (ends[thing] as number) + (appearances[thing] as number);
  const entries = ends[size] as number;
  const graph = {
    size,
    starts: ends.slice(),
    neighbours: new Int32Array(entries),
    wins: new Float32Array(entries),
    losses: new Float32Array(entries),
    appearances,
  };
  scatter(votes, graph, ends);
  return merge(graph);
}

function countAppearances({ size, count, left, right, score, weight, voter }: Votes): Int32Array {
  const appearances = new Int32Array(size);
  for (let vote = 0; vote < count; vote++) {
    const [one, other] = [left[vote] as number, right[vote] as number];
    const [points, share] = [score[vote] as number, weight[vote] as number];
    const known = one >= 0 && one < size && other >= 0 && other < size && one !== other;
    const sensible = known && points >= 0 && points <= 1 && share >= 0 && share < Infinity;
    if (!sensible || (voter[vote] as number) < -1)
      throw new RangeError(
        `Vote ${vote} makes no sense: ${one}, ${other}, score ${points}, weight ${share}.`,
      );
    if (share === 0) continue;
    appearances[one] = (appearances[one] as number) + 1;
    appearances[other] = (appearances[other] as number) + 1;
  }
  return appearances;
}

/** Writes each vote into the rows of both things; `ends` starts as the rows' starts and is used up. */
function scatter({ count, left, right, score, weight }: Votes, graph: Graph, ends: Int32Array): void {
  const { neighbours, wins, losses } = graph;
  for (let vote = 0; vote < count; vote++) {
    const share = weight[vote] as number;
    if (share === 0) continue;
    const one = left[vote] as number;
    const other = right[vote] as number;
    const forOne = share * (score[vote] as number);
    const at = ends[one] as number;
    ends[one] = at + 1;
    neighbours[at] = other;
    wins[at] = forOne;
    losses[at] = share - forOne;
    const mirrored = ends[other] as number;
    ends[other] = mirrored + 1;
    neighbours[mirrored] = one;
    wins[mirrored] = share - forOne;
    losses[mirrored] = forOne;
  }
}

// In place, for the sake of memory: what has been merged never overtakes what is still to be read.
function merge(graph: Graph): Graph {
  const { size, starts, neighbours, wins, losses } = graph;
  // Sums are kept in double precision: a pair with a million votes would lose the last ones otherwise.
  const winSums = new Float64Array(size);
  const lossSums = new Float64Array(size);
  const rowOf = new Int32Array(size).fill(-1);
  let written = 0;
  for (let thing = 0, at = 0; thing < size; thing++) {
    const end = starts[thing + 1] as number;
    const begin = written;
    for (; at < end; at++) {
      const neighbour = neighbours[at] as number;
      if (rowOf[neighbour] !== thing) {
        rowOf[neighbour] = thing;
        winSums[neighbour] = 0;
        lossSums[neighbour] = 0;
        neighbours[written++] = neighbour;
      }
      winSums[neighbour] = (winSums[neighbour] as number) + (wins[at] as number);
      lossSums[neighbour] = (lossSums[neighbour] as number) + (losses[at] as number);
    }
    starts[thing] = begin;
    for (let slot = begin; slot < written; slot++) {
      const neighbour = neighbours[slot] as number;
      wins[slot] = winSums[neighbour] as number;
      losses[slot] = lossSums[neighbour] as number;
    }
  }
  starts[size] = written;
  return {
    ...graph,
    neighbours: neighbours.subarray(0, written),
    wins: wins.subarray(0, written),
    losses: losses.subarray(0, written),
  };
}
