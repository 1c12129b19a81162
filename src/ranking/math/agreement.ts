/**
 * How alike two orders are: Kendall's τ-b, from -1 (one is the other reversed) to 1 (the same), by Knight's way of
 * counting exchanges while sorting (JASA 61, 1966).
 * @param one a strength for each thing
 * @param other the other strengths of the same things
 * @returns 1 for fewer than two things, and NaN when all are equal in one of the two
 */
export function kendallTau(one: Float64Array, other: Float64Array): number {
  const size = one.length;
  if (size < 2) return 1;
  const order = [...one.keys()].sort((a, b) => at(one, a) - at(one, b) || at(other, a) - at(other, b));
  const pairs = (size * (size - 1)) / 2;
  const tiedInOne = tiedPairs(order.map((thing) => at(one, thing)));
  const tiedInBoth = tiedPairs(order.map((thing) => `${at(one, thing)} ${at(other, thing)}`));
  const sorted = Float64Array.from(order, (thing) => at(other, thing));
  const exchanges = sortCountingExchanges(sorted, new Float64Array(size), 0, size);
  const tiedInOther = tiedPairs([...sorted]);
  const concordantLessDiscordant = pairs - tiedInOne - tiedInOther + tiedInBoth - 2 * exchanges;
  return concordantLessDiscordant / Math.sqrt((pairs - tiedInOne) * (pairs - tiedInOther));
}

const at = (values: Float64Array, index: number): number => values[index] as number;

/** Pairs of equal neighbours, of neighbours' neighbours and so on: equal values stand together. */
function tiedPairs(values: (number | string)[]): number {
  let [tied, run] = [0, 0];
  for (let index = 1; index < values.length; index++) {
    run = values[index] === values[index - 1] ? run + 1 : 0;
    tied += run;
  }
  return tied;
}

/** Merge sort of values[from] up to below values[to]; returns how many pairs stood the wrong way round. */
function sortCountingExchanges(values: Float64Array, room: Float64Array, from: number, to: number): number {
  if (to - from < 2) return 0;
  const middle = (from + to) >> 1;
  let exchanges =
    sortCountingExchanges(values, room, from, middle) + sortCountingExchanges(values, room, middle, to);
  let [left, right] = [from, middle];
  for (let index = from; index < to; index++) {
    const takesRight = left === middle || (right < to && at(values, right) < at(values, left));
    if (takesRight && left < middle) exchanges += middle - left;
    room[index] = at(values, takesRight ? right++ : left++);
  }
  values.set(room.subarray(from, to), from);
  return exchanges;
}
