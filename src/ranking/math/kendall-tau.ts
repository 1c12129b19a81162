/**
 * How alike two orders are: Kendall's τ-b, from -1 (one is the reverse of the other) to 1 (both are the
 * same). It counts exchanges during a merge sort, as Knight does (JASA 61, 1966).
 * @param one a strength for each thing
 * @param other the other strengths of the same things
 * @returns 1 for fewer than two things; NaN when one of the two holds only equal strengths
 */
export function kendallTau(one: Float64Array, other: Float64Array): number {
  const size = one.length;
  if (size < 2) return 1;
  const order = [...one.keys()].sort((a, b) => at(one, a) - at(one, b) || at(other, a) - at(other, b));
  const pairs = (size * (size - 1)) / 2;
  const tiedInOne = tiedPairs(order.map((thing) => at(one, thing)));
  const tiedInBoth = tiedPairs(order.map((thing) => `${at(one, thing)} ${at(other, thing)}`));
  const values = Float64Array.from(order, (thing) => at(other, thing));
  const exchanges = sortCountingExchanges(values);
  const tiedInOther = tiedPairs([...values]);
  const concordantLessDiscordant = pairs - tiedInOne - tiedInOther + tiedInBoth - 2 * exchanges;
  return concordantLessDiscordant / Math.sqrt((pairs - tiedInOne) * (pairs - tiedInOther));
}

const at = (values: Float64Array, index: number): number => values[index] as number;

/** Counts the pairs of equal values, in a list where equal values are neighbours. */
function tiedPairs(values: (number | string)[]): number {
  let [tied, run] = [0, 0];
  for (let index = 1; index < values.length; index++) {
    run = values[index] === values[index - 1] ? run + 1 : 0;
    tied += run;
  }
  return tied;
}

/** Sorts the values in place by merging. @returns how many pairs were in the wrong order */
function sortCountingExchanges(values: Float64Array): number {
  const buffer = new Float64Array(values.length);

  /** Sorts from `from` up to, but not including, `to`. */
  function sort(from: number, to: number): number {
    if (to - from < 2) return 0;
    const middle = (from + to) >> 1;
    let exchanges = sort(from, middle) + sort(middle, to);
    let [left, right] = [from, middle];
    for (let index = from; index < to; index++) {
      const takesRight = left === middle || (right < to && at(values, right) < at(values, left));
      if (takesRight && left < middle) exchanges += middle - left;
      buffer[index] = at(values, takesRight ? right++ : left++);
    }
    values.set(buffer.subarray(from, to), from);
    return exchanges;
  }

  return sort(0, values.length);
}
