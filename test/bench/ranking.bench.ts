import { it } from 'vitest';
import type { Votes } from '../../src/ranking/math/graph.js';
import { intervalsOf } from '../../src/ranking/math/intervals.js';
import { applyVote, initialEstimates, winChance } from '../../src/ranking/math/online-update.js';
import { normalFrom, type Random, seededRandom } from '../../src/ranking/math/random.js';
import { refit } from '../../src/ranking/math/refit.js';
import { Selector } from '../../src/ranking/math/selector.js';
import { kendall, precision, topOf } from './accuracy.js';
import { type Attack, meanWeight, rankAfter, strategies } from './attack.js';
import { Electorate } from './electorate.js';
import { EloTopic } from './elo.js';
import { note, report, text } from './report.js';
import { drawStrengths, type Strengths } from './simulation.js';

// The simulation behind docs/ranking.md. It uses no store and one core, and prints its results as a table.

const HOUR = 3_600_000;
const SEEDS = 20;

/**
 * Topics, and how many votes for each thing the shown Top 20 may need to be 0.9 right (`atMost`). The
 * simulation ends after `votesPerThing`.
 */
const scenarios: {
  things: number;
  strengths: Strengths;
  votesPerThing: number;
  atMost: number;
  seeds?: number;
}[] = [
  { things: 100, strengths: 1, votesPerThing: 60, atMost: 40, seeds: 60 },
  { things: 1_000, strengths: 1, votesPerThing: 35, atMost: 25, seeds: 60 },
  { things: 10_000, strengths: 1, votesPerThing: 13, atMost: 12 },
  { things: 100_000, strengths: 1, votesPerThing: 8, atMost: 8 },
  { things: 1_000, strengths: 0.5, votesPerThing: 90, atMost: 80 },
  { things: 1_000, strengths: 'heavy-tailed', votesPerThing: 12, atMost: 8 },
];

it.each(scenarios)(
  'finds the top 20 of $things (spread $strengths)',
  ({ things, strengths, votesPerThing, atMost, seeds = SEEDS }) => {
    const steps = Array.from({ length: 5 * votesPerThing }, (_, step) => (step + 1) / 5);
    const own = new Float64Array(steps.length);
    const elos = new Float64Array(steps.length);
    for (let seed = 0; seed < seeds; seed++) {
      const random = seededRandom(1_000 + seed);
      const truth = drawStrengths(things, strengths, random);
      const electorate = new Electorate(truth, things * votesPerThing, { random });
      const elo = new EloTopic(truth, things * votesPerThing, random);
      for (const [step, votes] of steps.entries()) {
        electorate.voteUntil(votes * things);
        own[step] = (own[step] as number) + precision(electorate.topic.means()) / seeds;
        if (things > MAX_ELO_THINGS) continue;
        for (let vote = 0; vote < things / 5; vote++) elo.vote();
        elos[step] = (elos[step] as number) + precision(elo.ratings) / seeds;
      }
    }
    const [votesTo80, votesTo90] = [0.8, 0.9].map((level) => stepAt(steps, own, level));
    const name = `${things} things, spread ${strengths}: votes a thing until 0.9 of the top 20 is right`;
    report(name, votesTo90 ?? Infinity, { atMost, note: `${text(votesTo80)} until 0.8` });
    if (things > MAX_ELO_THINGS) return;
    const elo = `${text(stepAt(steps, elos, 0.8))} until 0.8`;
    note(`  share that Elo K=32 and random pairs have right after ${votesPerThing}`, elos.at(-1) ?? 0, elo);
  },
  HOUR,
);

/** With more things, Elo with random pairs has nothing right after these votes, and only takes time. */
const MAX_ELO_THINGS = 10_000;

it(
  'orders the whole list, and estimates its uncertainty',
  () => {
    const marks = [5, 10, 20, 50];
    const found = marks.map(() => ({ order: 0, covered: 0, all: 0, right: 0, expected: 0 }));
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = seededRandom(2_000 + seed);
      const electorate = new Electorate(drawStrengths(1_000, 1, random), 50_000, { random });
      for (const [at, votes] of marks.entries()) {
        electorate.voteUntil(votes * 1_000);
        const { topic } = electorate;
        const { low, high, expectedShare } = intervalsOf(topic.field, 20, random);
        const sums = found[at] as (typeof found)[number];
        sums.order += kendall(topic.means()) / SEEDS;
        sums.right += (20 * precision(topic.means())) / SEEDS;
        sums.expected += (20 * expectedShare) / SEEDS;
        const holds = (thing: number): boolean =>
          (low[thing] as number) <= thing + 1 && thing + 1 <= (high[thing] as number);
        sums.covered += topOf(topic.means()).filter(holds).length / 20 / SEEDS;
        sums.all += topic.means().filter((_, thing) => holds(thing)).length / 1_000 / SEEDS;
      }
    }
    const orders = [undefined, 0.54, 0.63, 0.73];
    for (const [at, votes] of marks.entries()) {
      const { order, covered, all, right, expected } = found[at] as (typeof found)[number];
      report(`Kendall's tau at ${votes} votes a thing`, order, { atLeast: orders[at] });
      const coverage = { atLeast: 0.93, atMost: 0.995, note: `of all things ${text(all)}` };
      report(`true places within the ranges of the top 20 at ${votes}`, covered, coverage);
      const expectation = { atMost: 1, note: `expects ${text(expected)}, has ${text(right)}` };
      report(`"we expect X" is off at ${votes} by`, Math.abs(expected - right), expectation);
    }
  },
  HOUR,
);

it(
  'soon shows a strong new thing in the Top 20',
  () => {
    const shown: number[] = [];
    for (let seed = 0; seed < 2 * SEEDS; seed++) {
      const random = seededRandom(3_000 + seed);
      const truth = drawStrengths(1_001, 1, random);
      // The new thing has the last index; the others keep their true order.
      const index = Math.floor(random() * 20);
      const newThing = truth[index] as number;
      truth.copyWithin(index, index + 1);
      truth[1_000] = newThing;
      const electorate = new Electorate(truth, 40_000, { random, reserve: 1 });
      electorate.voteUntil(20_000);
      electorate.topic.join();
      while (!topOf(electorate.topic.means()).includes(1_000) && electorate.topic.votes.count < 40_000)
        electorate.voteUntil(electorate.topic.votes.count + 1);
      shown.push(electorate.topic.appearances[1_000] as number);
    }
    shown.sort((one, other) => one - other);
    const rest = { atMost: 45, note: `nine in ten by ${shown[Math.floor(0.9 * shown.length)]}` };
    report(
      'appearances of a newcomer who belongs in the top 20 until shown there',
      shown[SEEDS] as number,
      rest,
    );
  },
  HOUR,
);

const ATTACKS = 30;

it.each(Object.keys(strategies))(
  'resists attackers who promote a thing: %s',
  (name) => {
    const strategy = strategies[name] ?? (() => 0);
    const inTop20 = (attack: Omit<Attack, 'strategy' | 'seed'>): { share: number; remark: string } => {
      const ranks = Array.from({ length: ATTACKS }, (_, seed) =>
        rankAfter({ ...attack, strategy, seed: 5_000 + seed }),
      ).sort((one, other) => one - other);
      const share = ranks.filter((rank) => rank <= 20).length / ATTACKS;
      return { share, remark: `median place ${ranks[ATTACKS / 2]}, best ${ranks[0]}` };
    };
    for (const [rank, atMost] of [
      [50, 0.1],
      [200, 0],
    ] as const) {
      const { share, remark } = inTop20({ rank });
      report(`${name}: true place ${rank} in the top 20`, share, { atMost, note: remark });
    }
    // These have no goals. The first is not about skips, and the second shows the effect of the weights.
    const spiteful = inTop20({ rank: 50, isSpiteful: true });
    note(`  the same, answering all other pairs the wrong way round`, spiteful.share, spiteful.remark);
    const unweighted = inTop20({ rank: 50, isWeighted: false });
    note(`  the same as the first, were all votes counted in full`, unweighted.share, unweighted.remark);
  },
  HOUR,
);

it(
  'resists attackers who ask for pairs with a thing',
  () => {
    const inTop20 = (isWeighted: boolean): number => {
      const ranks = Array.from({ length: ATTACKS }, (_, seed) =>
        rankAfter({ rank: 50, strategy: () => 0, asks: true, isWeighted, seed: 5_000 + seed }),
      );
      return ranks.filter((rank) => rank <= 20).length / ATTACKS;
    };
    report('asks for it: true place 50 in the top 20', inTop20(true), { atMost: 0.1 });
    note('  the same, were all votes counted in full', inTop20(false));
  },
  HOUR,
);

it(
  'gives honest votes nearly full weight',
  () => {
    for (const [things, pairs] of [
      [10, 45],
      [40, 300],
      [200, 300],
      [1_000, 300],
    ] as const) {
      const weights = [0.05, 0.1, 0.2, 0.3].map((skipShare) => {
        const all = Array.from({ length: 100 }, (_, seed) =>
          meanWeight({ things, pairs, skipShare, seed: 7_000 + seed }),
        );
        return all.reduce((sum, share) => sum + share, 0) / all.length;
      });
      const others = `skipping 5, 20, 30 in a hundred: ${[weights[0], weights[2], weights[3]].map(text).join(', ')}`;
      report(`weight kept by who skips one pair in ten of ${things} things`, weights[1] as number, {
        atLeast: 0.95,
        note: others,
      });
    }
  },
  HOUR,
);

it(
  'is fast',
  () => {
    const random = seededRandom(8);
    const field = initialEstimates(1_000);
    report(
      'a vote, in microseconds',
      perCall(2_000_000, (call) => applyVote(field, { left: call % 999, right: 999, score: call % 2 })),
      { atMost: 1 },
    );
    for (const size of [1_000, 100_000]) {
      const normal = normalFrom(random);
      const standing = {
        means: new Float64Array(size).map(normal),
        variances: new Float64Array(size).fill(0.1),
        appearances: new Int32Array(size).fill(20),
      };
      const snapshot = perCall(20, () => new Selector(standing, 20)) / 1_000;
      const selector = new Selector(standing, 20);
      report(`a snapshot of ${size}, in milliseconds`, snapshot, { atMost: 50 });
      report(
        `a pair of ${size}, in microseconds`,
        perCall(300_000, () => selector.draw(random)),
        { atMost: 5 },
      );
    }
    for (const size of [200, 1_000, 2_000, 10_000, 100_000]) {
      const normal = normalFrom(random);
      const beliefs = {
        means: new Float64Array(size).map(normal),
        variances: new Float64Array(size).fill(0.1),
      };
      note(`ranges of ${size}, in milliseconds`, perCall(5, () => intervalsOf(beliefs, 20, random)) / 1_000);
    }
    for (const [size, count, atMost] of [
      [1_000, 100_000, 10],
      [10_000, 1_000_000, 10],
      [100_000, 10_000_000, 10],
    ] as const) {
      const votes = drawVotes(size, count, random);
      let iterations = 0;
      const seconds = perCall(1, () => {
        iterations = refit(votes).iterations;
      });
      report(`a refit of ${size} things and ${count} votes, in seconds`, seconds / 1e6, {
        atMost,
        note: `${iterations} iterations`,
      });
    }
  },
  HOUR,
);

/**
 * Returns where a curve first reaches a level, interpolated between its steps, or undefined. Each value is
 * averaged with its two neighbours on either side, because a noisy curve crosses the level too early.
 */
function stepAt(steps: number[], curve: Float64Array, level: number): number | undefined {
  const smooth = curve.map((_, step) => {
    const around = curve.subarray(Math.max(step - 2, 0), step + 3);
    return around.reduce((sum, value) => sum + value, 0) / around.length;
  });
  const at = smooth.findIndex((value) => value >= level);
  if (at < 0) return undefined;
  const [before, after] = [smooth[at - 1] ?? 0, smooth[at] as number];
  const from = steps[at - 1] ?? 0;
  return from + (((steps[at] as number) - from) * (level - before)) / (after - before);
}

/** Returns the mean time of a call in microseconds, after one call to warm up. */
function perCall(calls: number, run: (call: number) => void): number {
  run(0);
  const startedAt = performance.now();
  for (let call = 0; call < calls; call++) run(call);
  return ((performance.now() - startedAt) * 1_000) / calls;
}

/** Draws votes with the distribution of selected pairs: most of them among few things. */
function drawVotes(size: number, count: number, random: Random): Votes {
  const normal = normalFrom(random);
  const truth = new Float64Array(size).map(normal);
  const votes: Votes = {
    size,
    count,
    left: new Int32Array(count),
    right: new Int32Array(count),
    score: new Float32Array(count),
    weight: new Float32Array(count).fill(1),
    voter: new Int32Array(count),
  };
  for (let vote = 0; vote < count; vote++) {
    const skew = random() < 0.8 ? 3 : 1;
    const one = Math.floor(random() ** skew * size);
    const other = (one + 1 + Math.floor(random() ** skew * (size - 1))) % size;
    votes.left[vote] = one;
    votes.right[vote] = other;
    votes.score[vote] = random() < winChance((truth[one] as number) - (truth[other] as number)) ? 1 : 0;
    votes.voter[vote] = Math.floor((random() * count) / 50);
  }
  return votes;
}
