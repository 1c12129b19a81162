/** The votes of a topic, one element of each array a vote; the arrays may be longer than `count`. */
export interface Votes {
  /** How many things there are; `left` and `right` are below it. */
  size: number;
  count: number;
  left: Int32Array;
  right: Int32Array;
  /** 1 when the left was chosen, 0 when the right was, 0.5 when they are about the same. */
  score: Float32Array;
  /** How much each vote counts, 0 or more; a vote of weight 0 has no effect. */
  weight: Float32Array;
  /** Voters as numbers from 0, without large gaps; -1 for a vote without a voter. */
  voter: Int32Array;
}

/**
 * The weighted results of every pair that has votes, as compressed sparse rows. Each thing has a row, and
 * each pair is in the rows of both of its things. The row of thing i is elements starts[i] up to, but not
 * including, starts[i + 1] of `neighbours`, `wins` and `losses`.
 */
export interface Graph {
  size: number;
  starts: Int32Array;
  neighbours: Int32Array;
  /** The summed weight of the votes for the row's thing; a tie counts as half a win and half a loss. */
  wins: Float32Array;
  losses: Float32Array;
  /** How many votes show each thing, whatever their weight above 0. */
  appearances: Int32Array;
  /** The summed weight of all votes, and of the ties among them. */
  votes: number;
  ties: number;
}

/**
 * Sums votes by pair, so that a fit reads each pair once and not each vote.
 * @throws RangeError for a vote on an unknown thing, on a thing against itself, with a score outside of 0 to
 * 1, with a weight below 0, or with a voter below -1
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
    ...sumWeights(votes),
  };
  fillRows(votes, graph, ends);
  return mergePairs(graph);
}

function countAppearances({ size, count, left, right, score, weight, voter }: Votes): Int32Array {
  const appearances = new Int32Array(size);
  for (let vote = 0; vote < count; vote++) {
    const [one, other] = [left[vote] as number, right[vote] as number];
    const [ownScore, ownWeight] = [score[vote] as number, weight[vote] as number];
    const isPair = one >= 0 && one < size && other >= 0 && other < size && one !== other;
    const isValid = isPair && ownScore >= 0 && ownScore <= 1 && ownWeight >= 0 && ownWeight < Infinity;
    if (!isValid || (voter[vote] as number) < -1)
      throw new RangeError(
        `Vote ${vote} makes no sense: ${one}, ${other}, score ${ownScore}, weight ${ownWeight}.`,
      );
    if (ownWeight === 0) continue;
    appearances[one] = (appearances[one] as number) + 1;
    appearances[other] = (appearances[other] as number) + 1;
  }
  return appearances;
}

function sumWeights({ count, score, weight }: Votes): { votes: number; ties: number } {
  let [votes, ties] = [0, 0];
  for (let vote = 0; vote < count; vote++) {
    votes += weight[vote] as number;
    if (score[vote] === 0.5) ties += weight[vote] as number;
  }
  return { votes, ties };
}

/**
 * Writes each vote into the rows of both things.
 * @param ends where each row ends so far: at first where it starts; changed in place
 */
function fillRows({ count, left, right, score, weight }: Votes, graph: Graph, ends: Int32Array): void {
  const { neighbours, wins, losses } = graph;
  for (let vote = 0; vote < count; vote++) {
    const ownWeight = weight[vote] as number;
    if (ownWeight === 0) continue;
    const one = left[vote] as number;
    const other = right[vote] as number;
    const forOne = ownWeight * (score[vote] as number);
    const entry = ends[one] as number;
    ends[one] = entry + 1;
    neighbours[entry] = other;
    wins[entry] = forOne;
    losses[entry] = ownWeight - forOne;
    const mirrored = ends[other] as number;
    ends[other] = mirrored + 1;
    neighbours[mirrored] = one;
    wins[mirrored] = ownWeight - forOne;
    losses[mirrored] = forOne;
  }
}

// It works in place to save memory: what it writes never overtakes what it still has to read.
function mergePairs(graph: Graph): Graph {
  const { size, starts, neighbours, wins, losses } = graph;
  // Sums need double precision: a pair with a million votes would lose the last ones otherwise.
  const winSums = new Float64Array(size);
  const lossSums = new Float64Array(size);
  const rowOf = new Int32Array(size).fill(-1);
  let written = 0;
  for (let thing = 0, entry = 0; thing < size; thing++) {
    const end = starts[thing + 1] as number;
    const begin = written;
    for (; entry < end; entry++) {
      const neighbour = neighbours[entry] as number;
      if (rowOf[neighbour] !== thing) {
        rowOf[neighbour] = thing;
        winSums[neighbour] = 0;
        lossSums[neighbour] = 0;
        neighbours[written++] = neighbour;
      }
      winSums[neighbour] = (winSums[neighbour] as number) + (wins[entry] as number);
      lossSums[neighbour] = (lossSums[neighbour] as number) + (losses[entry] as number);
    }
    starts[thing] = begin;
    for (let merged = begin; merged < written; merged++) {
      const neighbour = neighbours[merged] as number;
      wins[merged] = winSums[neighbour] as number;
      losses[merged] = lossSums[neighbour] as number;
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
