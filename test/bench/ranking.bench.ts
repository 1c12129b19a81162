import { afterAll, expect, it } from 'vitest';
import type { Votes } from '../../src/ranking/math/graph.js';
import { intervalsOf } from '../../src/ranking/math/intervals.js';
import { applyVote, unratedField, winChance } from '../../src/ranking/math/online.js';
import { normalFrom, type Random, seededRandom } from '../../src/ranking/math/random.js';
import { refit } from '../../src/ranking/math/refit.js';
import { Selector } from '../../src/ranking/math/selector.js';
import { type Attack, shareKept, shownPlaceAfter, strategies } from './attack.js';
import { EloTopic, votersFor } from './elo.js';
import {
  answer,
  kendall,
  precision,
  type Strengths,
  Topic,
  topOf,
  type Voter,
  worldOf,
} from './simulation.js';

// The simulation behind docs/ranking.md. It wants no store: only the time of one core, and tells what it
// found.

const HOUR = 3_600_000;
const SEEDS = 20;

/** How many votes a thing it takes until the shown top 20 is right to 0.8 and to 0.9, and at most. */
const races: { things: number; strengths: Strengths; until: number; atMost: number; seeds?: number }[] = [
  { things: 100, strengths: 1, until: 60, atMost: 40, seeds: 60 },
  { things: 1_000, strengths: 1, until: 35, atMost: 25, seeds: 60 },
  { things: 10_000, strengths: 1, until: 13, atMost: 12 },
  { things: 100_000, strengths: 1, until: 8, atMost: 8 },
  { things: 1_000, strengths: 0.5, until: 90, atMost: 80 },
  { things: 1_000, strengths: 'heavy-tailed', until: 12, atMost: 8 },
];

it.each(races)(
  'finds the top 20 of $things (spread $strengths)',
  (race) => {
    const { things, strengths, until, atMost, seeds = SEEDS } = race;
    const steps = Array.from({ length: 5 * until }, (_, step) => (step + 1) / 5);
    const ours = new Float64Array(steps.length);
    const elos = new Float64Array(steps.length);
    for (let seed = 0; seed < seeds; seed++) {
      const random = seededRandom(1_000 + seed);
      const truth = worldOf(things, strengths, random);
      const society = new Society(truth, things * until, random);
      const elo = new EloTopic(truth, things * until, random);
      for (const [step, votes] of steps.entries()) {
        society.voteUntil(votes * things);
        ours[step] = (ours[step] as number) + precision(society.topic.means()) / seeds;
        if (things > ELO_UP_TO) continue;
        for (let vote = 0; vote < things / 5; vote++) elo.vote();
        elos[step] = (elos[step] as number) + precision(elo.ratings) / seeds;
      }
    }
    const [fair, good] = [0.8, 0.9].map((level) => stepAt(steps, ours, level));
    const name = `${things} things, spread ${strengths}: votes a thing until 0.9 of the top 20 is right`;
    report(name, good ?? Infinity, { atMost, note: `${text(fair)} until 0.8` });
    if (things > ELO_UP_TO) return;
    const elo = `${text(stepAt(steps, elos, 0.8))} until 0.8`;
    note(`  share that Elo K=32 and random pairs have right after ${until}`, elos.at(-1) ?? 0, elo);
  },
  HOUR,
);

/** Above that Elo with random pairs has nothing right within the votes there are, and only takes time. */
const ELO_UP_TO = 10_000;

it(
  'keeps the whole list in order, and knows how sure it is',
  () => {
    const marks = [5, 10, 20, 50];
    const found = marks.map(() => ({ order: 0, covered: 0, all: 0, right: 0, expected: 0 }));
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = seededRandom(2_000 + seed);
      const society = new Society(worldOf(1_000, 1, random), 50_000, random);
      for (const [at, votes] of marks.entries()) {
        society.voteUntil(votes * 1_000);
        const { topic } = society;
        const { low, high, expectedRight } = intervalsOf(topic.field, 20, random);
        const sums = found[at] as (typeof found)[number];
        sums.order += kendall(topic.means()) / SEEDS;
        sums.right += (20 * precision(topic.means())) / SEEDS;
        sums.expected += expectedRight / SEEDS;
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
  'shows a newcomer who belongs there among the top soon',
  () => {
    const shown: number[] = [];
    for (let seed = 0; seed < 2 * SEEDS; seed++) {
      const random = seededRandom(3_000 + seed);
      const truth = worldOf(1_001, 1, random);
      // The newcomer is the last by number; the others keep their true order.
      const place = Math.floor(random() * 20);
      const newcomer = truth[place] as number;
      truth.copyWithin(place, place + 1);
      truth[1_000] = newcomer;
      const society = new Society(truth, 40_000, random, 1);
      society.voteUntil(20_000);
      society.topic.join();
      while (!topOf(society.topic.means()).includes(1_000) && society.topic.votes.count < 40_000)
        society.voteUntil(society.topic.votes.count + 1);
      shown.push(society.topic.appearances[1_000] as number);
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
  'holds against those who push a thing: %s',
  (name) => {
    const strategy = strategies[name] ?? (() => 0);
    const inTop20 = (attack: Omit<Attack, 'strategy' | 'seed'>): { share: number; remark: string } => {
      const places = Array.from({ length: ATTACKS }, (_, seed) =>
        shownPlaceAfter({ ...attack, strategy, seed: 5_000 + seed }),
      ).sort((one, other) => one - other);
      const share = places.filter((shown) => shown <= 20).length / ATTACKS;
      return { share, remark: `median place ${places[ATTACKS / 2]}, best ${places[0]}` };
    };
    for (const [place, atMost] of [
      [50, 0.1],
      [200, 0],
    ] as const) {
      const { share, remark } = inTop20({ place });
      report(`${name}: true place ${place} in the top 20`, share, { atMost, note: remark });
    }
    // Without bounds: the first is not about skips, and the second shows what the counting is there for.
    const spiteful = inTop20({ place: 50, spiteful: true });
    note(`  the same, answering all other pairs the wrong way round`, spiteful.share, spiteful.remark);
    const uncounted = inTop20({ place: 50, counting: false });
    note(`  the same as the first, were all votes counted in full`, uncounted.share, uncounted.remark);
  },
  HOUR,
);

it(
  'holds against those who ask for a thing',
  () => {
    const inTop20 = (counting: boolean): number => {
      const shown = Array.from({ length: ATTACKS }, (_, seed) =>
        shownPlaceAfter({ place: 50, strategy: () => 0, asks: true, counting, seed: 5_000 + seed }),
      );
      return shown.filter((place) => place <= 20).length / ATTACKS;
    };
    report('asks for it: true place 50 in the top 20', inTop20(true), { atMost: 0.1 });
    note('  the same, were all votes counted in full', inTop20(false));
  },
  HOUR,
);

it(
  'counts the votes of honest people',
  () => {
    for (const [things, pairs] of [
      [10, 45],
      [40, 300],
      [200, 300],
      [1_000, 300],
    ] as const) {
      const kept = [0.05, 0.1, 0.2, 0.3].map((skipping) => {
        const all = Array.from({ length: 100 }, (_, seed) =>
          shareKept(things, pairs, skipping, 7_000 + seed),
        );
        return all.reduce((sum, share) => sum + share, 0) / all.length;
      });
      const others = `skipping 5, 20, 30 in a hundred: ${[kept[0], kept[2], kept[3]].map(text).join(', ')}`;
      report(`weight kept by who skips one pair in ten of ${things} things`, kept[1] as number, {
        atLeast: 0.95,
        note: others,
      });
    }
  },
  HOUR,
);

it(
  'takes little time',
  () => {
    const random = seededRandom(8);
    const field = unratedField(1_000);
    report(
      'a vote, in microseconds',
      perCall(2_000_000, (call) => applyVote(field, call % 999, 999, call % 2)),
      { atMost: 1 },
    );
    for (const size of [1_000, 100_000]) {
      const normal = normalFrom(random);
      const standing = {
        means: new Float64Array(size).map(normal),
        variances: new Float64Array(size).fill(0.1),
        appearances: new Int32Array(size).fill(20),
      };
      const snapshot = perCall(20, () => new Selector(standing)) / 1_000;
      const selector = new Selector(standing);
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
      const votes = ledger(size, count, random);
      let sweeps = 0;
      const seconds = perCall(1, () => {
        sweeps = refit(votes).sweeps;
      });
      report(`a refit of ${size} things and ${count} votes, in seconds`, seconds / 1e6, {
        atMost,
        note: `${sweeps} sweeps`,
      });
    }
  },
  HOUR,
);

interface Row {
  what: string;
  found: string;
  target: string;
  note: string;
}

const rows: Row[] = [];
afterAll(() => {
  const line = ({ what, found, target, note }: Row): string => `| ${what} | ${found} | ${target} | ${note} |`;
  const head = ['| what | found | target | |', '|---|---|---|---|'];
  console.info([...head, ...rows.map(line)].join('\n'));
});

/** Notes what was found, and fails the bench if a target was missed, once all have been looked at. */
function report(
  what: string,
  found: number,
  {
    atLeast = -Infinity,
    atMost = Infinity,
    note: remark = '',
  }: { atLeast?: number | undefined; atMost?: number; note?: string },
): void {
  const bounds = [
    ...(atLeast > -Infinity ? [`>= ${atLeast}`] : []),
    ...(atMost < Infinity ? [`<= ${atMost}`] : []),
  ];
  rows.push({ what, found: text(found), target: bounds.join(', '), note: remark });
  expect.soft(found, what).toBeGreaterThanOrEqual(atLeast);
  expect.soft(found, what).toBeLessThanOrEqual(atMost);
}

function note(what: string, found: number, remark = ''): void {
  rows.push({ what, found: text(found), target: '', note: remark });
}

function text(number: number | undefined): string {
  if (number === undefined || !Number.isFinite(number)) return 'never';
  return String(Number(number.toPrecision(3)));
}

/**
 * Where a curve first reaches a level, between its steps; undefined when it never does. Each step is taken
 * with its two neighbours on either side: the first crossing of a curve that still trembles comes too
 * early.
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

/** People with honest opinions, each casting about fifty of the votes. */
class Society {
  readonly topic: Topic;
  private readonly truth: Float64Array;
  private readonly voters: Voter[];
  private readonly random: Random;

  constructor(truth: Float64Array, votes: number, random: Random, reserve = 0) {
    this.truth = truth;
    this.topic = new Topic(truth.length - reserve, votes, random, { reserve });
    this.voters = votersFor(votes);
    this.random = random;
  }

  voteUntil(count: number): void {
    const { topic, truth, voters, random } = this;
    while (topic.votes.count < Math.round(count)) {
      const voter = voters[Math.floor(random() * voters.length)] as Voter;
      const pair = topic.offer(voter);
      topic.cast(voter, pair, answer(truth[pair.one] as number, truth[pair.other] as number, random));
    }
  }
}

/** Microseconds a call, on average, after a call to warm up. */
function perCall(calls: number, run: (call: number) => void): number {
  run(0);
  const began = performance.now();
  for (let call = 0; call < calls; call++) run(call);
  return ((performance.now() - began) * 1_000) / calls;
}

/** Votes as the selection leads to: most of them among few things. */
function ledger(size: number, count: number, random: Random): Votes {
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
