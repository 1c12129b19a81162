import { seededRandom } from '../../src/ranking/math/random.js';
import { LOOKS_BACK, weightAfterSkips, weightOfAsked } from '../../src/ranking/math/vote-weight.js';
import { votersFor } from './elo.js';
import { answer, Topic, Voter, worldOf } from './simulation.js';

/** How an attacker goes about it: how many pairs they would skip now, to get to the thing they push. */
export type Strategy = (voter: Voter) => number;

/**
 * Those who skip until it comes, with more or less patience, and those who know the rule and keep near it.
 */
export const strategies: Record<string, Strategy> = {
  'takes what comes': () => 0,
  'up to 3 skips': () => 3,
  'up to 10 skips': () => 10,
  'up to 20 skips': () => 20,
  'up to 50 skips': () => 50,
  'stays at 5 skips in 20': (voter) => 5 - skippedLately(voter),
  'stays at 7 skips in 20': (voter) => 7 - skippedLately(voter),
  'answers 20, then hunts': (voter) => (skippedLately(voter) === 0 && voter.skips.length >= 20 ? 50 : 0),
  'hunts below 4 in 20': (voter) => (skippedLately(voter) < 4 ? 20 : 0),
};

/** What the site counts about a voter when they answer a pair. */
export function skippedLately({ skips }: Voter): number {
  let skipped = 0;
  for (const skip of skips.slice(-LOOKS_BACK)) if (skip) skipped++;
  return skipped;
}

const [THINGS, VOTES_A_THING, ACCOUNTS, SHARE] = [1_000, 20, 20, 0.05];

/** One attack, from the first vote to the last. */
export interface Attack {
  /** The true place of the thing that is pushed. */
  place: number;
  strategy: Strategy;
  /** Whether pairs without that thing are answered the wrong way round, to bring those above it down. */
  spiteful?: boolean;
  /** Whether pairs with that thing are asked for, instead of taking what comes. */
  asks?: boolean;
  /** Whether votes count as the product counts them. */
  counting?: boolean;
  seed: number;
}

/** Lets twenty accounts with one vote in twenty push a thing, and says where it is shown in the end. */
export function shownPlaceAfter({ place, strategy, spiteful, asks, counting = true, seed }: Attack): number {
  const random = seededRandom(seed);
  const truth = worldOf(THINGS, 1, random);
  const total = THINGS * VOTES_A_THING;
  const topic = new Topic(THINGS, total, random);
  const honest = votersFor(total * (1 - SHARE));
  const attackers = Array.from({ length: ACCOUNTS }, (_, at) => new Voter(honest.length + at));
  const pushed = place - 1;
  let attacks = total * SHARE;
  while (topic.votes.count < total) {
    const isAttack = random() < attacks / (total - topic.votes.count);
    const voter = (
      isAttack ? attackers[--attacks % ACCOUNTS] : honest[Math.floor(random() * honest.length)]
    ) as Voter;
    if (isAttack && asks) {
      const against = (): number => Math.floor(random() * THINGS);
      let other = against();
      while (other === pushed || voter.hasSeen(pushed, other)) other = against();
      const { weight } = counting ? weightOfAsked(THINGS) : { weight: 1 };
      topic.cast(voter, { one: pushed, other, strategy: 'explore' }, 1, weight);
      continue;
    }
    let pair = topic.offer(voter);
    const has = (): boolean => pair.one === pushed || pair.other === pushed;
    for (let patience = isAttack ? strategy(voter) : 0; patience > 0 && !has(); patience--) {
      voter.note(pair.one, pair.other, true);
      pair = topic.offer(voter);
    }
    const { one, other } = pair;
    const shown = (thing: number): number => topic.field.means[thing] as number;
    const score = !isAttack
      ? answer(truth[one] as number, truth[other] as number, random)
      : has()
        ? Number(one === pushed)
        : spiteful
          ? Number(shown(one) < shown(other))
          : answer(truth[one] as number, truth[other] as number, random);
    topic.cast(voter, pair, score, counting ? weightAfterSkips(skippedLately(voter)).weight : 1);
  }
  const own = topic.field.means[pushed] as number;
  return 1 + topic.field.means.filter((mean) => mean > own).length;
}

/**
 * The share of an honest person's votes' weight that counts, when they skip a share of what they are shown.
 */
export function shareKept(things: number, pairs: number, skipping: number, seed: number): number {
  const random = seededRandom(seed);
  const truth = worldOf(things, 1, random);
  const topic = new Topic(things, pairs, random);
  const voter = new Voter(0);
  let kept = 0;
  while (voter.skips.length < pairs) {
    const pair = topic.offer(voter);
    if (random() < skipping) voter.note(pair.one, pair.other, true);
    else {
      const { weight } = weightAfterSkips(skippedLately(voter));
      kept += weight;
      topic.cast(voter, pair, answer(truth[pair.one] as number, truth[pair.other] as number, random), weight);
    }
  }
  return kept / topic.votes.count;
}
