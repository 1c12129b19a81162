import { it } from 'vitest';
import { asShare, reportMean, worlds } from './report.js';
import type { Strengths } from './simulation.js';
import { type Judging, judge, MOST_VOTES, STEP, type Verdict } from './walking.js';

// Measures what it costs in votes that judges walk from thing to thing, and that nobody judges their own work: 40 things
// and 30 judges. It uses no store.

const HOUR = 3_600_000;
const SEEDS = 200;

const modes: { name: string; judging: Pick<Judging, 'mode' | 'own'> }[] = [
  { name: 'free', judging: { mode: 'free', own: 0 } },
  { name: 'free, one own thing each', judging: { mode: 'free', own: 1 } },
  { name: 'in person', judging: { mode: 'in person', own: 0 } },
  { name: 'in person, one own thing each', judging: { mode: 'in person', own: 1 } },
];

it.each<{ goal: number; strengths: Strengths }>([
  { goal: 1, strengths: 'heavy-tailed' },
  { goal: 1, strengths: 1 },
  { goal: 3, strengths: 'heavy-tailed' },
  { goal: 3, strengths: 1 },
])(
  'walking: finds the Top $goal of 40 (spread $strengths)',
  ({ goal, strengths }) => {
    for (const { name, judging } of modes) {
      const verdicts = worlds(SEEDS, 21_000, (seed) => judge({ ...judging, goal, strengths, seed }));
      for (const votes of [300, 600, 900, 1_200]) {
        const right = verdicts.map((verdict) => asShare(verdict.right[votes / STEP - 1] === true));
        const note = votes === 600 ? `half of the worlds after ${untilHalf(verdicts)} votes` : '';
        reportMean(`Top ${goal}, spread ${strengths}, ${name}: right after ${votes} votes`, right, { note });
      }
    }
  },
  HOUR,
);

it.each([1, 2, 3, 4, 6])(
  'walking: spreads judges over the hall, %i visits first',
  (visits) => {
    const verdicts = worlds(SEEDS, 22_000, (seed) =>
      judge({ mode: 'in person', own: 1, goal: 3, strengths: 'heavy-tailed', visits, seed }),
    );
    const at = (votes: number): number[] =>
      verdicts.map((verdict) => asShare(verdict.right[votes / STEP - 1] === true));
    reportMean(`${visits} visits first: votes until each thing had them`, known(verdicts));
    reportMean('  the whole Top 3 right after 300 votes', at(300));
    reportMean('  after 600', at(600));
    reportMean(
      '  the most judges at one thing',
      verdicts.map(({ crowd }) => crowd),
    );
  },
  HOUR,
);

const known = (verdicts: Verdict[]): number[] => verdicts.map(({ allVisited }) => allVisited ?? Number.NaN);

/** After how many votes the Top is right in half of the worlds, on average over 150 votes. */
function untilHalf(verdicts: Verdict[]): string {
  const steps = Array.from({ length: MOST_VOTES / STEP }, (_, at) => at);
  const shares = steps.map((at) => mean(verdicts.map(({ right }) => asShare(right[at] === true))));
  const first = steps.findIndex((at) => mean(shares.slice(Math.max(0, at - 2), at + 3)) >= 0.5);
  return first < 0 ? `more than ${MOST_VOTES}` : String(STEP * (first + 1));
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
