import { normalFrom, type Random, seededRandom } from '../../src/ranking/math/random.js';
import { drawStop } from '../../src/ranking/math/walk.js';
import { shareRight } from './accuracy.js';
import { answer, drawStrengths, type Strengths, Topic, Voter } from './simulation.js';

/** How judges get their pairs. */
export interface Judging {
  mode: 'free' | 'in person';
  /** How many things a judge never sees, because they are their own work. */
  own: number;
  strengths: Strengths;
  goal: number;
  visits?: number;
  seed: number;
}

const [THINGS, JUDGES] = [40, 30];
export const [STEP, MOST_VOTES] = [30, 1_500];

/** What became of a simulated jury. */
export interface Verdict {
  /** After each `STEP` votes: whether the whole Top of the goal is right. */
  right: boolean[];
  /** After how many votes each thing had its visits; undefined when that did not happen. */
  allVisited: number | undefined;
  /** The most judges who were at one thing at the same time. */
  crowd: number;
}

interface Judge {
  voter: Voter;
  own: Set<number>;
  /** Where the judge stands; undefined before the first pair. */
  at: number | undefined;
  near: number[];
}

/**
 * Simulates a jury of 30 judges and 40 things. The judges vote in a random order. As on the site, a judge who walks is
 * at the thing that was added last, and that is where others do not go.
 */
export function judge({ mode, own, strengths, goal, visits = 3, seed }: Judging): Verdict {
  const random = seededRandom(seed);
  const truth = drawStrengths(THINGS, strengths, random);
  const topic = new Topic(THINGS, MOST_VOTES, { random, goal });
  // A jury stands around the things in any order, so a judge's own things are any.
  const shuffled = shuffle(THINGS, random);
  const judges = Array.from({ length: JUDGES }, (_, number): Judge => {
    const ownThings = Array.from(
      { length: own },
      (_, index) => shuffled[(number * own + index) % THINGS] as number,
    );
    return { voter: new Voter(number), own: new Set(ownThings), at: undefined, near: [] };
  });
  const verdict: Verdict = { right: [], allVisited: undefined, crowd: 0 };
  while (topic.votes.count < MOST_VOTES) {
    const one = judges[Math.floor(random() * JUDGES)] as Judge;
    const isAvoided = (thing: number): boolean => one.own.has(thing);
    const pair =
      mode === 'free'
        ? topic.offer(one.voter, [], isAvoided)
        : nextStop(topic, one, { judges, visits, random });
    if (!pair) break;
    one.at = pair.other === one.at ? pair.one : pair.other;
    one.near = [...one.near, pair.one, pair.other].slice(-10);
    verdict.crowd = Math.max(verdict.crowd, judges.filter(({ at }) => at === one.at).length);
    topic.cast(one.voter, pair, {
      score: answer(truth[pair.one] as number, truth[pair.other] as number, random),
    });
    const { count } = topic.votes;
    if (verdict.allVisited === undefined && Math.min(...topic.appearances) >= 2 * visits)
      verdict.allVisited = count;
    if (count % STEP === 0) verdict.right.push(shareRight(topic.means(), goal) === 1);
  }
  return verdict;
}

function nextStop(
  topic: Topic,
  { voter, own, at, near }: Judge,
  { judges, visits, random }: { judges: Judge[]; visits: number; random: Random },
) {
  const crowd = new Int32Array(THINGS);
  for (const other of judges)
    if (other.voter !== voter && other.at !== undefined) crowd[other.at] = (crowd[other.at] ?? 0) + 1;
  const othersAt = (thing: number): number => crowd[thing] ?? 0;
  const rules = { random, othersAt, visits, isAnswered: voter.hasSeen };
  const isNear = (thing: number): boolean => own.has(thing) || (thing !== at && near.includes(thing));
  const isOwn = (thing: number): boolean => own.has(thing);
  for (const [kept, isAvoided] of [
    [at, isNear],
    [at, isOwn],
    [undefined, isOwn],
  ] as const) {
    const pair = drawStop(topic.current, kept, { ...rules, isAvoided });
    if (pair) return random() < 0.5 ? pair : { ...pair, one: pair.other, other: pair.one };
  }
  return undefined;
}

function shuffle(size: number, random: Random): number[] {
  const normal = normalFrom(random);
  return Array.from({ length: size }, (_, index) => ({ index, key: normal() }))
    .sort((one, other) => one.key - other.key)
    .map(({ index }) => index);
}
