/**
 * Choices as a graph. Each array has one element for each choice. Things are numbered from 0. A pair occurs
 * at most once.
 */
export interface Choices {
  size: number;
  chosen: Int32Array;
  other: Int32Array;
}

/**
 * How often choices make a cycle: one thing over a second, the second over a third, the third over the first.
 */
export interface Cycles {
  /** How many groups of three things have a choice in all three pairs. */
  triads: number;
  /** How many of those groups make a cycle. With coin tosses it is one in four. */
  circular: number;
  /** The latest cycle: the first thing was chosen over the second, and so on; undefined without a cycle. */
  latest: [number, number, number] | undefined;
}

/**
 * Counts the cycles in a voter's choices (M. G. Kendall and B. Babington Smith, *On the method of paired
 * comparisons*, Biometrika 31, 1940). Not every pair needs an answer. It visits each triad once, from its
 * thing with the fewest choices. So n choices take at most n √(2n) steps: half a million for 5,000.
 */
export function countCycles(choices: Choices): Cycles {
  const { size, chosen, other } = choices;
  const { starts, ends, edges } = risingEdges(choices);
  // For each thing, the number of its choice against `one`, counted from 1; 0 without such a choice.
  const choiceAgainst = new Int32Array(size);
  const cycles: Cycles = { triads: 0, circular: 0, latest: undefined };
  let latest = -1;
  const far = (edge: number, near: number): number =>
    chosen[edge] === near ? (other[edge] as number) : (chosen[edge] as number);
  for (let one = 0; one < size; one++) {
    const [start, end] = [starts[one] as number, ends[one] as number];
    for (let at = start; at < end; at++)
      choiceAgainst[far(edges[at] as number, one)] = (edges[at] as number) + 1;
    for (let at = start; at < end; at++) {
      const first = edges[at] as number;
      const two = far(first, one);
      for (let next = starts[two] as number; next < (ends[two] as number); next++) {
        const second = edges[next] as number;
        const three = far(second, two);
        const third = (choiceAgainst[three] as number) - 1;
        if (third < 0) continue;
        cycles.triads++;
        const forward = chosen[first] === one;
        if ((chosen[second] === two) !== forward || (chosen[third] === three) !== forward) continue;
        cycles.circular++;
        const closed = Math.max(first, second, third);
        if (closed <= latest) continue;
        latest = closed;
        cycles.latest = forward ? [one, two, three] : [three, two, one];
      }
    }
    for (let at = start; at < end; at++) choiceAgainst[far(edges[at] as number, one)] = 0;
  }
  return cycles;
}

/** Lists for each thing its choices against things with more choices, so that each choice is in one list. */
function risingEdges({ size, chosen, other }: Choices): {
  starts: Int32Array;
  ends: Int32Array;
  edges: Int32Array;
} {
  const degrees = new Int32Array(size);
  for (const thing of chosen) degrees[thing] = (degrees[thing] as number) + 1;
  for (const thing of other) degrees[thing] = (degrees[thing] as number) + 1;
  const from = chosen.map((one, edge) => {
    const two = other[edge] as number;
    const rises = (degrees[one] as number) - (degrees[two] as number) || one - two;
    return rises < 0 ? one : two;
  });
  const starts = new Int32Array(size);
  for (const thing of from) if (thing + 1 < size) starts[thing + 1] = (starts[thing + 1] as number) + 1;
  for (let thing = 1; thing < size; thing++)
    starts[thing] = (starts[thing] as number) + (starts[thing - 1] as number);
  const ends = starts.slice();
  const edges = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge++) {
    const thing = from[edge] as number;
    edges[ends[thing] as number] = edge;
    ends[thing] = (ends[thing] as number) + 1;
  }
  return { starts, ends, edges };
}
