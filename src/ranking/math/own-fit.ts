import { type Graph, graphOf, type Votes } from './graph.js';
import { type Estimates, winChance } from './online-update.js';
import { localVariances } from './variance.js';

/**
 * How different one person's taste may be: the variance of their log-strength of a thing around everyone's. 0.8 is
 * usual (found with real data: docs/ranking.md). The larger ones are for people who see it quite differently; with the
 * largest, their own answers alone decide.
 */
const TASTE_VARIANCES = [0.2, 0.8, 3.2, 12.8, 51.2];

/**
 * Fits one person's answers. What they have not said is taken from everyone: the prior of each thing's
 * strength is normal, around everyone's. The answers decide how wide it is: of some variances, the one under which
 * they are most probable (empirical Bayes, with Laplace's approximation for each thing; D. MacKay, Neural Computation
 * 4, 1992).
 * @param votes of one person; for some hundreds of things
 * @param crowd everyone's log-strengths, without this person's answers: `withoutVotes`
 * @param tastes the variances of the prior to choose from, above 0
 * @throws RangeError for votes that `graphOf` refuses, and for a `crowd` of another length
 */
export function fitOwn(votes: Votes, crowd: Float64Array, tastes = TASTE_VARIANCES): Estimates {
  if (crowd.length !== votes.size)
    throw new RangeError(`${crowd.length} prior means for ${votes.size} things.`);
  const graph = graphOf(votes);
  const fits = tastes.map((variance) => fitAround(graph, crowd, variance));
  const { means, variance } = fits.reduce((best, fit) => (fit.evidence > best.evidence ? fit : best));
  const strengths = means.map(Math.exp);
  const prior = new Float64Array(votes.size).fill(1 / variance);
  const { variances } = localVariances(graph, strengths, prior);
  return { means, variances };
}

interface TasteFit {
  means: Float64Array;
  /** The variance of the prior. */
  variance: number;
  /** The logarithm of how probable the answers are under that prior, up to a constant. */
  evidence: number;
}

// Newton's method, one thing after the other.
function fitAround(graph: Graph, crowd: Float64Array, variance: number): TasteFit {
  const means = crowd.slice();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let largest = 0;
    for (let thing = 0; thing < graph.size; thing++) {
      const { gradient, information } = slopeAt(graph, means, thing);
      const pull = ((crowd[thing] as number) - (means[thing] as number)) / variance;
      const step = (gradient + pull) / (information + 1 / variance);
      means[thing] = (means[thing] as number) + limitStep(step);
      largest = Math.max(largest, Math.abs(step));
    }
    if (largest < TOLERANCE) break;
  }
  return { means, variance, evidence: evidenceOf(graph, { means, crowd, variance }) };
}

function evidenceOf(
  graph: Graph,
  { means, crowd, variance }: { means: Float64Array; crowd: Float64Array; variance: number },
): number {
  const { size, starts, neighbours, wins } = graph;
  let evidence = 0;
  for (let thing = 0; thing < size; thing++) {
    const mean = means[thing] as number;
    for (let entry = starts[thing] as number; entry < (starts[thing + 1] as number); entry++) {
      const chance = winChance(mean - (means[neighbours[entry] as number] as number));
      evidence += (wins[entry] as number) * Math.log(Math.max(chance, Number.MIN_VALUE));
    }
    const { information } = slopeAt(graph, means, thing);
    evidence -= (mean - (crowd[thing] as number)) ** 2 / (2 * variance);
    evidence -= Math.log1p(variance * information) / 2;
  }
  return evidence;
}

/**
 * Everyone's estimates as they would be without some of the votes that they were fitted from, such as one
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
    changed.means[thing] = (means[thing] as number) - limitStep(without * gradient);
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

// Far from the solution Newton's step can go much too far.
const limitStep = (step: number): number => Math.min(Math.max(step, -1), 1);

const MAX_ROUNDS = 200;
const TOLERANCE = 1e-6;
/** One person's votes are taken to be at most nine tenths of what is known about a thing. */
const MIN_LEFT = 0.1;
