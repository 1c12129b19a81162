import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { winChance } from '../../../src/ranking/math/online-update.js';
import { normalFrom, seededRandom } from '../../../src/ranking/math/random.js';
import { refit } from '../../../src/ranking/math/refit.js';
import { at, type Cast, orderOf, votesOf } from './votes.js';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

interface Case {
  name: string;
  n: number;
  wins: [number, number][];
  wins_counted: [number, number, number][];
  log_strength: number[];
  to_four_places: number[];
  strength: Record<string, number>;
}

const { cases } = JSON.parse(read('./refit-cases.json')) as { cases: Case[] };
const known = (start: string): Case => cases.find(({ name }) => name.startsWith(start)) as Case;

/** A prior so weak that the fit is what these sources call maximum likelihood. */
const LIKELIHOOD = { lambda: 1e-10, tolerance: 1e-12 };

it.each(['choix testcase-pairwise-2', 'choix testcase-pairwise-1'])('agrees with %s', (name) => {
  const { n, wins, log_strength } = known(name);
  const casts = wins.map(([left, right]) => ({ left, right }));
  const { means } = refit(votesOf(n, casts), LIKELIHOOD);
  for (const [thing, mean] of centred(means).entries()) expect(mean).toBeCloseTo(at(log_strength, thing), 6);
});

it('agrees with the worked example of Wikipedia', () => {
  const { n, wins_counted, to_four_places } = known('Wikipedia');
  const casts = wins_counted.flatMap(([left, right, times]) => Array<Cast>(times).fill({ left, right }));
  const { means } = refit(votesOf(n, casts), LIKELIHOOD);
  for (const [thing, mean] of centred(means).entries())
    expect(Math.exp(mean)).toBeCloseTo(at(to_four_places, thing), 4);
});

it('stays near the fit with a Gaussian prior of the same width', () => {
  const { n, wins, log_strength } = known('choix 8-random');
  const casts = wins.map(([left, right]) => ({ left, right }));
  const { means } = refit(votesOf(n, casts), { lambda: 2, tolerance: 1e-9 });
  for (const [thing, mean] of means.entries())
    expect(Math.abs(mean - at(log_strength, thing))).toBeLessThan(0.1);
});

it('agrees with evalica on ties as half wins', () => {
  // The pairs of simple.csv in github.com/dustalov/evalica, first the ties.
  const ties = ['01', '02', '04', '12', '12', '13', '24', '34', '34'];
  const won = ['20', '10', '30', '31', '32', '40', '43'];
  const casts = [...ties, ...won].map((pair, index) => ({
    left: Number(pair[0]),
    right: Number(pair[1]),
    score: index < ties.length ? 0.5 : 1,
  }));
  const { means } = refit(votesOf(5, casts), LIKELIHOOD);
  const total = means.reduce((sum, mean) => sum + Math.exp(mean), 0);
  for (const [thing, strength] of Object.entries(known('evalica simple.csv').strength))
    expect(Math.exp(at(means, Number(thing))) / total).toBeCloseTo(strength, 6);
});

it('agrees with the reference on eleven thousand football matches', () => {
  const { size, names, casts } = football();
  const { means } = refit(votesOf(size, casts), { lambda: 2, tolerance: 1e-9 });
  const reference = parse(read('./football-reference.csv'), { columns: true }) as {
    [column: string]: string;
  }[];
  expect(reference).toHaveLength(size);
  for (const { name = '', score } of reference)
    expect(Math.abs(at(means, names.indexOf(name)) - Number(score)), name).toBeLessThan(1e-4);
});

it('converges to the same strengths from different starts', () => {
  const { size, casts } = football();
  const votes = votesOf(size, casts);
  const fromZero = refit(votes, { tolerance: 1e-8 });
  const fromFar = refit(votes, { tolerance: 1e-8, start: fromZero.means.map((mean) => -3 * mean) });
  expect(fromFar.spread).toBeCloseTo(fromZero.spread, 5);
  for (const [thing, mean] of fromZero.means.entries()) expect(at(fromFar.means, thing)).toBeCloseTo(mean, 5);
});

it('takes the variance of a thing from its votes and from its opponent', () => {
  // With two things the Hessian is 2 by 2, so its inverse is easy to write down.
  const { means, variances } = refit(votesOf(2, winsEachWay(10)), { lambda: 2 });
  expect(means).toEqual(new Float64Array(2));
  const [prior, shared] = [1, 20 / 4];
  const exact = (prior + shared) / ((prior + shared) ** 2 - shared ** 2);
  // The first two terms of the series; the exact value has more, because two things refer to each other again
  // and again.
  const twoTerms = 1 / (prior + shared) + shared ** 2 / (prior + shared) ** 3;
  expect(at(variances, 0)).toBeCloseTo(twoTerms, 6);
  expect(at(variances, 0)).toBeLessThan(exact);
});

it('is surer of a thing when many answers are ties, and puts it at the same place', () => {
  const [decided, tied] = [
    winsEachWay(10),
    [...winsEachWay(6), ...Array<Cast>(8).fill({ left: 0, right: 1, score: 0.5 })],
  ].map((casts) => refit(votesOf(2, casts), { lambda: 2 }));
  expect(tied?.means).toEqual(decided?.means);
  // Among equal things the chance of a tie is ν/(ν + 2): 8 in 21, with the vote that is added.
  expect(decided?.nu).toBe(0);
  expect((tied?.nu ?? 0) / ((tied?.nu ?? 0) + 2)).toBeCloseTo(8 / 21, 4);
  // A win or a loss scatters by ¼, and the ties by nothing.
  const factor = (1 / 4 - 8 / 21 / 4) / (1 / 4);
  expect(at(tied?.variances ?? [], 0)).toBeCloseTo(factor * at(decided?.variances ?? [], 0), 4);
});

it('keeps the variance of things without votes, however many ties there are', () => {
  const { variances } = refit(votesOf(3, Array<Cast>(20).fill({ left: 0, right: 1, score: 0.5 })), {
    lambda: 2,
  });
  expect(at(variances, 2)).toBeCloseTo(1, 6);
  expect(at(variances, 0)).toBeGreaterThan(0);
});

it.each([0.25, 1, 2.25])('estimates the spread of the strengths: %d', (spread) => {
  const random = seededRandom(7);
  const { votes, truth } = simulate({ size: 300, count: 12_000, spread, random });
  const middle = truth.reduce((sum, strength) => sum + strength, 0) / truth.length;
  const drawn = truth.reduce((sum, strength) => sum + (strength - middle) ** 2, 0) / truth.length;
  expect(Math.abs(refit(votes).spread / drawn - 1)).toBeLessThan(0.15);
});

it('has the true strength within 1.96 standard errors in 95 of 100 cases', () => {
  const random = seededRandom(11);
  let [covered, all] = [0, 0];
  for (let round = 0; round < 10; round++) {
    const { votes, truth } = simulate({ size: 200, count: 4_000, spread: 1, random });
    const { means, variances } = refit(votes);
    const middle = truth.reduce((sum, strength) => sum + strength, 0) / truth.length;
    for (const [thing, strength] of truth.entries()) {
      all++;
      const distance = Math.abs(at(means, thing) - (strength - middle));
      if (distance < 1.96 * Math.sqrt(at(variances, thing))) covered++;
    }
  }
  expect(covered / all).toBeGreaterThan(0.93);
  expect(covered / all).toBeLessThan(0.98);
});

it('is less sure of a thing when all of its votes are from a few voters who disagree', () => {
  const casts = Array.from({ length: 120 }, (_, vote) => ({
    left: 0,
    right: 1 + (vote % 10),
    score: vote % 4 < 2 ? 1 : 0,
  }));
  const withoutVoters = refit(votesOf(11, casts), { lambda: 2 });
  const byFourVoters = refit(
    votesOf(
      11,
      casts.map((cast, vote) => ({ ...cast, voter: vote % 4 })),
    ),
    { lambda: 2 },
  );
  expect(byFourVoters.means).toEqual(withoutVoters.means);
  expect(at(byFourVoters.variances, 0)).toBeGreaterThan(3 * at(withoutVoters.variances, 0));
  expect(at(byFourVoters.variances, 5)).toBe(at(withoutVoters.variances, 5));
});

it('has every thing average without votes of weight above 0', () => {
  const average = { means: new Float64Array(3), variances: new Float64Array(3).fill(1), spread: 1 };
  expect(refit(votesOf(3, []))).toMatchObject(average);
  expect(refit(votesOf(3, [{ left: 0, right: 1, weight: 0 }]))).toMatchObject(average);
  expect(refit(votesOf(0, []))).toMatchObject({ means: new Float64Array(0), spread: 1 });
  expect(refit(votesOf(1, []))).toMatchObject({ means: new Float64Array(1) });
});

it('counts two votes of half the weight as one vote', () => {
  const half = { left: 0, right: 1, weight: 0.5 };
  const halves = refit(votesOf(3, [half, half, { left: 1, right: 2 }]));
  const whole = refit(
    votesOf(3, [
      { left: 1, right: 2 },
      { left: 0, right: 1 },
    ]),
  );
  for (const thing of [0, 1, 2]) expect(at(halves.means, thing)).toBeCloseTo(at(whole.means, thing), 12);
});

const size = 12;
const cast = fc.record({
  pair: fc.uniqueArray(fc.nat(size - 1), { minLength: 2, maxLength: 2 }),
  score: fc.constantFrom(0, 0.5, 1),
  weight: fc.constantFrom(0, 1e-30, 1e-6, 0.3, 1),
  voter: fc.integer({ min: -1, max: 3 }),
});
const someVotes = fc
  .array(cast, { maxLength: 150 })
  .map((casts) => casts.map(({ pair, ...rest }) => ({ left: at(pair, 0), right: at(pair, 1), ...rest })));

it('finds finite strengths and variances for any votes, connected or not', () => {
  fc.assert(
    fc.property(someVotes, (casts) => {
      const { means, variances, spread } = refit(votesOf(size, casts));
      for (const mean of means) expect(mean).toSatisfy(Number.isFinite);
      for (const variance of variances) expect(variance > 0 && variance < 100).toBe(true);
      expect(spread).toBeGreaterThanOrEqual(0.05);
      expect(spread).toBeLessThanOrEqual(4);
    }),
  );
});

it('gives the same result for swapped sides and for another order of the votes', () => {
  fc.assert(
    fc.property(someVotes, (casts) => {
      const options = { lambda: 1, tolerance: 1e-10 };
      const straight = refit(votesOf(size, casts), options);
      const turned = casts.map(({ left, right, score, ...rest }) => {
        return { left: right, right: left, score: 1 - score, ...rest };
      });
      const swapped = refit(votesOf(size, turned.reverse()), options);
      for (const [thing, mean] of straight.means.entries()) {
        expect(at(swapped.means, thing)).toBeCloseTo(mean, 6);
        expect(at(swapped.variances, thing)).toBeCloseTo(at(straight.variances, thing), 6);
      }
    }),
  );
});

it('ranks two groups of things without a common pair, each in its own order', () => {
  const chain = (first: number): Cast[] =>
    [0, 1, 2, 3].flatMap((step) => {
      const [left, right] = [first + step, first + step + 1];
      return [...Array<Cast>(4).fill({ left, right }), { left: right, right: left }];
    });
  const { means } = refit(votesOf(10, [...chain(0), ...chain(5)]), { tolerance: 1e-9 });
  expect(orderOf(means.slice(0, 5))).toEqual([0, 1, 2, 3, 4]);
  for (const thing of [0, 1, 2, 3, 4]) expect(at(means, thing)).toBeCloseTo(at(means, thing + 5), 6);
});

it('puts a thing with only wins first, with a finite strength', () => {
  const casts = Array.from({ length: 100_000 }, (_, vote) => ({ left: 0, right: 1 + (vote % 9) }));
  const { means, variances } = refit(votesOf(10, casts));
  expect(orderOf(means)[0]).toBe(0);
  expect(at(means, 0)).toBeLessThan(20);
  expect(at(variances, 0)).toSatisfy(Number.isFinite);
});

it('refuses invalid votes and options', () => {
  expect(() => refit(votesOf(2, [{ left: 0, right: 2 }]))).toThrow(RangeError);
  expect(() => refit(votesOf(2, [{ left: 1, right: 1 }]))).toThrow(RangeError);
  expect(() => refit(votesOf(2, [{ left: 0, right: 1, weight: -1 }]))).toThrow(RangeError);
  expect(() => refit(votesOf(2, [{ left: 0, right: 1, score: 2 }]))).toThrow(RangeError);
  expect(() => refit(votesOf(2, [{ left: 0, right: 1, voter: -2 }]))).toThrow(RangeError);
  expect(() => refit(votesOf(2, []), { lambda: 0 })).toThrow(RangeError);
  expect(() => refit(votesOf(2, []), { start: new Float64Array(3) })).toThrow(RangeError);
});

const winsEachWay = (times: number): Cast[] => [
  ...Array<Cast>(times).fill({ left: 0, right: 1 }),
  ...Array<Cast>(times).fill({ left: 1, right: 0 }),
];

function centred(means: Float64Array): Float64Array {
  const middle = means.reduce((sum, mean) => sum + mean, 0) / means.length;
  return means.map((mean) => mean - middle);
}

function football(): { size: number; names: string[]; casts: Cast[] } {
  const things = parse(read('./football-things.csv'), { columns: true }) as { name: string }[];
  const names = things.map(({ name }) => name);
  const matches = parse(read('./football-votes.csv'), { columns: true }) as { [column: string]: string }[];
  const casts = matches.map(({ winner = '', loser = '', outcome }) => ({
    left: names.indexOf(winner),
    right: names.indexOf(loser),
    score: outcome === 'win' ? 1 : 0.5,
  }));
  return { size: names.length, names, casts };
}

function simulate(world: { size: number; count: number; spread: number; random: () => number }): {
  truth: Float64Array;
  votes: ReturnType<typeof votesOf>;
} {
  const { random } = world;
  const normal = normalFrom(random);
  const truth = new Float64Array(world.size).map(() => Math.sqrt(world.spread) * normal());
  const casts = Array.from({ length: world.count }, () => {
    const left = Math.floor(random() * world.size);
    const right = (left + 1 + Math.floor(random() * (world.size - 1))) % world.size;
    return { left, right, score: random() < winChance(at(truth, left) - at(truth, right)) ? 1 : 0 };
  });
  return { truth, votes: votesOf(world.size, casts) };
}
