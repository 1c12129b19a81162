/** Choices as a graph: one element of each array a choice, things numbered from 0; each pair at most once. */
export interface Choices {
  size: number;
  chosen: Int32Array;
  other: Int32Array;
}

/** How often three things are chosen in a cycle: one over the second, that over the third, that over the first. */
export interface Cycles {
  /** How many times three things were compared each with each. */
  triads: number;
  /** How many of those go in a cycle; tossing a coin would make one in four do so. */
  circular: number;
  /** The cycle that was closed last: the first was chosen over the second, and so on. */
  latest: [number, number, number] | undefined;
}

/**
 * Counts the cycles in a person's choices (M. G. Kendall and B. Babington Smith, *On the method of paired
 * comparisons*, Biometrika 31, 1940), also where not every pair was answered. Looks at each three once, from the
 * thing with the fewest choices on: n choices take n times the root of 2n steps at most, half a million for 5,000.
 */
export function countCycles(choices: Choices): Cycles {
  const { size, chosen, other } = choices;
  const { starts, ends, edges } = risingEdges(choices);
  // What the thing at hand was compared with, by the number of the choice, counted from 1.
  const met = new Int32Array(size);
  const cycles: Cycles = { triads: 0, circular: 0, latest: undefined };
  let latest = -1;
  const far = (edge: number, near: number): number =>
    chosen[edge] === near ? (other[edge] as number) : (chosen[edge] as number);
  for (let one = 0; one < size; one++) {
    const [start, end] = [starts[one] as number, ends[one] as number];
    for (let at = start; at < end; at++) met[far(edges[at] as number, one)] = (edges[at] as number) + 1;
    for (let at = start; at < end; at++) {
      const first = edges[at] as number;
      const two = far(first, one);
      for (let next = starts[two] as number; next < (ends[two] as number); next++) {
        const second = edges[next] as number;
        const three = far(second, two);
        const third = (met[three] as number) - 1;
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
    for (let at = start; at < end; at++) met[far(edges[at] as number, one)] = 0;
  }
  return cycles;
}

/** Each thing's choices that lead to a thing with more of them, so that every choice is in one list. */
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
