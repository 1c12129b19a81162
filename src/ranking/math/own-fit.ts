import { type Graph, graphOf, type Votes } from './graph.js';
import { type Estimates, winChance } from './online-update.js';
import { estimateNu } from './ties.js';
import { localVariances } from './variance.js';

/**
 * How different people's tastes are: the variance of one person's log-strength of a thing around everybody's.
 * Found with real data, and nearly as good between 0.2 and 3.2: docs/ranking.md.
 */
export const TASTE_VARIANCE = 0.8;

/**
 * Fits one person's answers. What they have not said is taken from everybody: the prior of each thing's
 * strength is normal, around everybody's. The most probable strengths are found by Newton's method, one thing
 * after the other.
 * @param votes of one person; for some hundreds of things
 * @param crowd everybody's log-strengths, without this person's answers: `withoutVotes`
 * @param variance of the prior, above 0
 * @throws RangeError for votes that `graphOf` refuses, and for a `crowd` of another length
 */
export function fitOwn(votes: Votes, crowd: Float64Array, variance = TASTE_VARIANCE): Estimates {
  if (crowd.length !== votes.size)
    throw new RangeError(`${crowd.length} prior means for ${votes.size} things.`);
  const graph = graphOf(votes);
  const means = crowd.slice();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let largest = 0;
    for (let thing = 0; thing < votes.size; thing++) {
      const { gradient, information } = slopeAt(graph, means, thing);
      const pull = ((crowd[thing] as number) - (means[thing] as number)) / variance;
      const step = (gradient + pull) / (information + 1 / variance);
      // Far from the solution Newton's step can go much too far.
      means[thing] = (means[thing] as number) + Math.min(Math.max(step, -1), 1);
      largest = Math.max(largest, Math.abs(step));
    }
    if (largest < TOLERANCE) break;
  }
  const strengths = means.map(Math.exp);
  const prior = new Float64Array(votes.size).fill(1 / variance);
  const { variances } = localVariances(graph, strengths, { prior, nu: estimateNu(graph, strengths) });
  return { means, variances };
}

/**
 * Everybody's estimates as they would be without some of the votes that they were fitted from, such as one
 * person's. It takes one step of Newton's method from the fit for each thing, which is close when the votes
 * are few among many.
 */
export function withoutVotes({ means, variances }: Estimates, votes: Votes): Estimates {
  const graph = graphOf(votes);
  const changed = { means: means.slice(), variances: variances.slice() };
  for (let thing = 0; thing < votes.size; thing++) {
    const variance = variances[thing] as number;
    const { gradient, information } = slopeAt(graph, means, thing);
    const without = variance / Math.max(1 - variance * information, MIN_LEFT);
    changed.means[thing] = (means[thing] as number) - without * gradient;
    changed.variances[thing] = without;
  }
  return changed;
}

/** The slope of the log-likelihood in the strength of a thing, and how fast that slope falls. */
function slopeAt(
  { starts, neighbours, wins, losses }: Graph,
  means: Float64Array,
  thing: number,
): { gradient: number; information: number } {
  let [gradient, information] = [0, 0];
  for (let entry = starts[thing] as number; entry < (starts[thing + 1] as number); entry++) {
    const weight = (wins[entry] as number) + (losses[entry] as number);
    const chance = winChance((means[thing] as number) - (means[neighbours[entry] as number] as number));
    gradient += (wins[entry] as number) - weight * chance;
    information += weight * chance * (1 - chance);
  }
  return { gradient, information };
}

const MAX_ROUNDS = 200;
const TOLERANCE = 1e-6;
/** One person's votes are taken to be at most nine tenths of what is known about a thing. */
const MIN_LEFT = 0.1;
