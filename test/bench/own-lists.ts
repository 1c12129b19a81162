import { winChance } from '../../src/ranking/math/online-update.js';
import { fitOwn, withoutVotes } from '../../src/ranking/math/own-fit.js';
import { normalFrom, type Random, seededRandom } from '../../src/ranking/math/random.js';
import { refit } from '../../src/ranking/math/refit.js';
import type { DrawnPair } from '../../src/ranking/math/selector.js';
import { answer, drawStrengths, Topic, Voter } from './simulation.js';

const [THINGS, VOTERS, MOST_ANSWERS, HELD_OUT] = [40, 40, 40, 60];

/** The mean log-loss of held-out answers, by what predicts them. */
export interface Losses {
  both: number;
  own: number;
  crowd: number;
}

/**
 * Simulates 40 people whose tastes differ, with 40 answers each on 40 things, and predicts other answers of
 * each of them.
 * @param taste the variance of a person's strengths around everyone's
 * @param answers how many of each person's own answers are known
 */
export function predictOwn(taste: number, answers: number, seed: number): Losses {
  const random = seededRandom(seed);
  const normal = normalFrom(random);
  const shared = drawStrengths(THINGS, 1, random);
  const topic = new Topic(THINGS, VOTERS * MOST_ANSWERS, { random });
  const people = Array.from({ length: VOTERS }, (_, number) => ({
    voter: new Voter(number),
    strengths: shared.map((strength) => strength + Math.sqrt(taste) * normal()),
  }));
  for (let round = 0; round < MOST_ANSWERS; round++)
    for (const { voter, strengths } of people) {
      const pair = topic.offer(voter) as DrawnPair;
      const score = answer(strengths[pair.one] as number, strengths[pair.other] as number, random);
      topic.cast(voter, pair, { score });
    }
  topic.refit();
  const losses: Losses = { both: 0, own: 0, crowd: 0 };
  for (const { voter, strengths } of people) {
    const all = votesOf(topic, voter, MOST_ANSWERS);
    const crowd = withoutVotes(topic.field, all).means;
    const known = votesOf(topic, voter, answers);
    const predictions = { both: fitOwn(known, crowd).means, own: refit(known).means, crowd };
    for (const { one, other, score } of drawAnswers(strengths, random))
      for (const [name, means] of Object.entries(predictions)) {
        const chance = winChance((means[one] as number) - (means[other] as number));
        const loss = -(score * Math.log(chance) + (1 - score) * Math.log(1 - chance));
        losses[name as keyof Losses] += loss / HELD_OUT / VOTERS;
      }
  }
  return losses;
}

/** The first votes of a voter, as a refit reads them. */
function votesOf({ votes, size }: Topic, voter: Voter, count: number): Topic['votes'] {
  const indexes = [...votes.voter.subarray(0, votes.count).keys()]
    .filter((vote) => votes.voter[vote] === voter.number)
    .slice(0, count);
  const pick = <Values extends Int32Array | Float32Array>(values: Values): Values =>
    values.filter((_, vote) => indexes.includes(vote)) as Values;
  return {
    size,
    count: indexes.length,
    left: pick(votes.left),
    right: pick(votes.right),
    score: pick(votes.score),
    weight: pick(votes.weight),
    voter: pick(votes.voter),
  };
}

function drawAnswers(
  strengths: Float64Array,
  random: Random,
): { one: number; other: number; score: number }[] {
  return Array.from({ length: HELD_OUT }, () => {
    const one = Math.floor(random() * THINGS);
    const other = (one + 1 + Math.floor(random() * (THINGS - 1))) % THINGS;
    const score = answer(strengths[one] as number, strengths[other] as number, random);
    return { one, other, score };
  });
}
