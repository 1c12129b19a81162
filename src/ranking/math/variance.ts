import type { Graph, Votes } from './graph.js';

/**
 * The variance of each fitted strength, from the votes on the thing and from how unsure its opponents are. It
 * takes the first two terms of the Neumann series for the diagonal of the inverse Hessian. In the median of
 * 300 things with 2 to 20 votes each, the standard error comes to 0.995 of the exact one or more.
 * @param strengths e to the power of the means
 * @param prior the information of each thing's prior, above 0
 * @returns also the information, the diagonal of the Hessian
 */
export function localVariances(
  { size, starts, neighbours, wins, losses }: Graph,
  strengths: Float64Array,
  prior: Float64Array,
): { variances: Float64Array; information: Float64Array } {
  const information = prior.slice();
  for (let thing = 0; thing < size; thing++) {
    const own = strengths[thing] as number;
    const end = starts[thing + 1] as number;
    let sum = prior[thing] as number;
    for (let entry = starts[thing] as number; entry < end; entry++) {
      const other = strengths[neighbours[entry] as number] as number;
      const share = 1 / (own + other);
      sum += ((wins[entry] as number) + (losses[entry] as number)) * own * other * share * share;
    }
    information[thing] = sum;
  }

  const variances = new Float64Array(size);
  for (let thing = 0; thing < size; thing++) {
    const own = strengths[thing] as number;
    const end = starts[thing + 1] as number;
    let sum = 0;
    for (let entry = starts[thing] as number; entry < end; entry++) {
      const neighbour = neighbours[entry] as number;
      const other = strengths[neighbour] as number;
      const share = 1 / (own + other);
      const shared = ((wins[entry] as number) + (losses[entry] as number)) * own * other * share * share;
      sum += (shared * shared) / (information[neighbour] as number);
    }
    const ownInformation = information[thing] as number;
    variances[thing] = 1 / ownInformation + sum / (ownInformation * ownInformation);
  }
  return { variances, information };
}

/**
 * The information that the prior of a fit has about each thing: λ pseudo-wins and λ pseudo-losses against an
 * average one.
 */
export const priorInformation = (strengths: Float64Array, lambda: number): Float64Array =>
  strengths.map((own) => (2 * lambda * own) / ((1 + own) * (1 + own)));

/**
 * Raises the variance of things on which voters disagree more than chance explains, because the errors of one
 * voter's votes are correlated. It takes the sandwich estimator clustered by voter (Liang and Zeger,
 * Biometrika 73, 1986) where that is larger.
 * @param variances raised in place, for things with 30 votes or more
 */
export function raiseToClusteredVariances(
  votes: Votes,
  { size, appearances }: Graph,
  {
    strengths,
    information,
    variances,
  }: { strengths: Float64Array; information: Float64Array; variances: Float64Array },
): void {
  const { left, right, score, weight, voter } = votes;
  const scatter = new Float64Array(size);
  const voterSums = new Float64Array(size);
  const { order, starts } = votesByVoter(votes);
  for (let group = 0; group + 1 < starts.length; group++) {
    const begin = starts[group] as number;
    const end = starts[group + 1] as number;
    for (let index = begin; index < end; index++) {
      const vote = order[index] as number;
      const one = left[vote] as number;
      const other = right[vote] as number;
      const strength = strengths[one] as number;
      const expected = strength / (strength + (strengths[other] as number));
      const residual = (weight[vote] as number) * ((score[vote] as number) - expected);
      // Votes without a voter are independent of each other.
      if (voter[vote] === -1) {
        scatter[one] = (scatter[one] as number) + residual * residual;
        scatter[other] = (scatter[other] as number) + residual * residual;
      } else {
        voterSums[one] = (voterSums[one] as number) + residual;
        voterSums[other] = (voterSums[other] as number) - residual;
      }
    }
    for (let index = begin; index < end; index++) {
      const vote = order[index] as number;
      moveSquare(left[vote] as number, voterSums, scatter);
      moveSquare(right[vote] as number, voterSums, scatter);
    }
  }
  for (let thing = 0; thing < size; thing++)
    if ((appearances[thing] as number) >= MIN_VOTES) {
      const clustered = (scatter[thing] as number) / (information[thing] as number) ** 2;
      variances[thing] = Math.max(variances[thing] as number, clustered);
    }
}

/** From this number of votes on a thing, the scatter between its voters says more than chance. */
const MIN_VOTES = 30;

/** The indexes of the votes in groups: first the votes without a voter, then one group for each voter. */
function votesByVoter({ count, voter }: Votes): { order: Int32Array; starts: Int32Array } {
  let voters = 0;
  for (let vote = 0; vote < count; vote++) voters = Math.max(voters, (voter[vote] as number) + 1);
  const starts = new Int32Array(voters + 2);
  for (let vote = 0; vote < count; vote++) {
    const group = (voter[vote] as number) + 2;
    starts[group] = (starts[group] as number) + 1;
  }
  for (let group = 1; group < starts.length; group++)
    starts[group] = (starts[group] as number) + (starts[group - 1] as number);
  const order = new Int32Array(count);
  const next = starts.slice();
  for (let vote = 0; vote < count; vote++) {
    const group = (voter[vote] as number) + 1;
    order[next[group] as number] = vote;
    next[group] = (next[group] as number) + 1;
  }
  return { order, starts };
}

/** Adds the square of a voter's sum to the scatter, and clears the sum for the next voter. */
function moveSquare(thing: number, voterSums: Float64Array, scatter: Float64Array): void {
  const sum = voterSums[thing] as number;
  scatter[thing] = (scatter[thing] as number) + sum * sum;
  voterSums[thing] = 0;
}
