import { seededRandom } from '../../src/ranking/math/random.js';
import type { DrawnPair } from '../../src/ranking/math/selector.js';
import { SKIP_WINDOW, weightAfterSkips, weightOfAsked } from '../../src/ranking/math/vote-weight.js';
import { votersFor } from './elo.js';
import { answer, drawStrengths, Topic, Voter } from './simulation.js';

/** An attacker's strategy: how many pairs they would skip now to get a pair with their thing. */
export type Strategy = (voter: Voter) => number;

/** Attackers who skip up to a number of pairs, and attackers who know the rule and stay near its limit. */
export const strategies: Record<string, Strategy> = {
  'takes what comes': () => 0,
  'up to 3 skips': () => 3,
  'up to 10 skips': () => 10,
  'up to 20 skips': () => 20,
  'up to 50 skips': () => 50,
  'stays at 5 skips in 20': (voter) => 5 - recentSkips(voter),
  'stays at 7 skips in 20': (voter) => 7 - recentSkips(voter),
  'answers 20, then hunts': (voter) => (recentSkips(voter) === 0 && voter.skips.length >= 20 ? 50 : 0),
  'hunts below 4 in 20': (voter) => (recentSkips(voter) < 4 ? 20 : 0),
};

/** Counts a voter's recent skips, as the site does when the voter answers a pair. */
export function recentSkips({ skips }: Voter): number {
  let skipped = 0;
  for (const skip of skips.slice(-SKIP_WINDOW)) if (skip) skipped++;
  return skipped;
}

const [THINGS, VOTES_A_THING, ACCOUNTS, SHARE] = [1_000, 20, 20, 0.05];

/** The settings of one attack. */
export interface Attack {
  /** The true rank of the promoted thing. */
  rank: number;
  strategy: Strategy;
  /** Whether attackers answer pairs without the thing the wrong way round, to lower the things above it. */
  isSpiteful?: boolean;
  /** Whether attackers ask for pairs with the thing instead of skipping. */
  asks?: boolean;
  /** Whether the weights of the product apply; without them every vote counts fully. */
  isWeighted?: boolean;
  seed: number;
}

/**
 * Simulates twenty accounts that promote a thing with one vote in twenty.
 * @returns the thing's rank in the end
 */
export function rankAfter({ rank, strategy, isSpiteful, asks, isWeighted = true, seed }: Attack): number {
  const random = seededRandom(seed);
  const truth = drawStrengths(THINGS, 1, random);
  const total = THINGS * VOTES_A_THING;
  const topic = new Topic(THINGS, total, { random });
  const honest = votersFor(total * (1 - SHARE));
  const attackers = Array.from({ length: ACCOUNTS }, (_, index) => new Voter(honest.length + index));
  const promoted = rank - 1;
  const offerTo = (voter: Voter): DrawnPair => topic.offer(voter) as DrawnPair;
  let attacks = total * SHARE;
  while (topic.votes.count < total) {
    const isAttack = random() < attacks / (total - topic.votes.count);
    const voter = (
      isAttack ? attackers[--attacks % ACCOUNTS] : honest[Math.floor(random() * honest.length)]
    ) as Voter;
    if (isAttack && asks) {
      const drawOther = (): number => Math.floor(random() * THINGS);
      let other = drawOther();
      while (other === promoted || voter.hasSeen(promoted, other)) other = drawOther();
      const { weight } = isWeighted ? weightOfAsked(THINGS) : { weight: 1 };
      topic.cast(voter, { one: promoted, other, strategy: 'explore' }, { score: 1, weight, isWeighted });
      continue;
    }
    let pair = offerTo(voter);
    const hasPromoted = (): boolean => pair.one === promoted || pair.other === promoted;
    for (let patience = isAttack ? strategy(voter) : 0; patience > 0 && !hasPromoted(); patience--) {
      voter.note(pair.one, pair.other, true);
      pair = offerTo(voter);
    }
    const { one, other } = pair;
    const meanOf = (thing: number): number => topic.field.means[thing] as number;
    const score = !isAttack
      ? answer(truth[one] as number, truth[other] as number, random)
      : hasPromoted()
        ? Number(one === promoted)
        : isSpiteful
          ? Number(meanOf(one) < meanOf(other))
          : answer(truth[one] as number, truth[other] as number, random);
    const weight = isWeighted ? weightAfterSkips(recentSkips(voter)).weight : 1;
    topic.cast(voter, pair, { score, weight, isWeighted });
  }
  const own = topic.field.means[promoted] as number;
  return 1 + topic.field.means.filter((mean) => mean > own).length;
}

/**
 * Simulates an honest voter who skips a share of their pairs.
 * @returns the mean weight of their votes, 0 to 1
 */
export function meanWeight({
  things,
  pairs,
  skipShare,
  seed,
}: {
  things: number;
  pairs: number;
  skipShare: number;
  seed: number;
}): number {
  const random = seededRandom(seed);
  const truth = drawStrengths(things, 1, random);
  const topic = new Topic(things, pairs, { random });
  const voter = new Voter(0);
  let totalWeight = 0;
  while (voter.skips.length < pairs) {
    const pair = topic.offer(voter) as DrawnPair;
    if (random() < skipShare) voter.note(pair.one, pair.other, true);
    else {
      const { weight } = weightAfterSkips(recentSkips(voter));
      totalWeight += weight;
      const score = answer(truth[pair.one] as number, truth[pair.other] as number, random);
      topic.cast(voter, pair, { score, weight });
    }
  }
  return totalWeight / topic.votes.count;
}
