import { ALARM_VOTES, afterPush, deviationOf, NO_LEAN } from '../../src/ranking/math/one-sided.js';
import { type Random, seededRandom } from '../../src/ranking/math/random.js';
import type { DrawnPair } from '../../src/ranking/math/selector.js';
import { weightOfAsked } from '../../src/ranking/math/vote-weight.js';
import { expectedScore } from './leans.js';
import { answer, drawStrengths, Topic, Voter } from './simulation.js';

const [THINGS, OTHER_VOTES, OTHER_VOTERS, RANK] = [100, 2_000, 40, 50];
const PUSHED = RANK - 1;

/** Accounts of one network in a topic of 100 things, and how they vote. */
export interface Stuffing {
  accounts: number;
  /** How many votes each account casts. */
  votes: number;
  /** Whether they come after all other votes. */
  isLast?: boolean;
  /**
   * What they do: `push` one thing on the pairs they are given, ask for pairs with it (`ask`), or vote like
   * everyone else (`honest`).
   */
  conduct: 'push' | 'ask' | 'honest';
  /** Whether each account has a network of its own. */
  isScattered?: boolean;
  /** Whether one-sided groups count less, as in the product. */
  isWeighted?: boolean;
  /** How many votes all others cast; 2,000 by default. */
  otherVotes?: number;
  seed: number;
}

/** How a simulated stuffing ended. */
export interface StuffingResult {
  /** The rank of the thing of true rank 50. */
  rank: number;
  /** The mean weight of the network's votes, and of the honest others' votes. */
  kept: number;
  othersKept: number;
  /** The most standard deviations that a thing was above expectation in any 500 votes in a row. */
  alarm: number;
}

/** Simulates 2,000 votes of 40 voters, of whom 10 % are random and 5 % always choose the left, and a network. */
export function stuff({
  otherVotes = OTHER_VOTES,
  accounts,
  votes,
  isLast = false,
  conduct,
  isScattered = false,
  isWeighted = true,
  seed,
}: Stuffing): StuffingResult {
  const random = seededRandom(seed);
  const truth = drawStrengths(THINGS, 1, random);
  let [others, own] = [otherVotes, accounts * votes];
  const topic = new Topic(THINGS, others + own, { random });
  const watch = new Watch(topic);
  const honest = Array.from({ length: OTHER_VOTERS }, (_, index) => new Voter(index));
  const network = Array.from({ length: accounts }, (_, index) => {
    const number = OTHER_VOTERS + index;
    return {
      voter: new Voter(number, isScattered ? number : OTHER_VOTERS),
      left: opponents(random),
      given: 0,
    };
  });
  const kept = { own: 0, others: 0, honestOthers: 0 };
  while (others + own > 0) {
    const isOwn = isLast ? others === 0 : random() * (others + own) < own;
    const account = network[own % accounts];
    const index = Math.floor(random() * OTHER_VOTERS);
    const voter = isOwn && account ? account.voter : (honest[index] as Voter);
    let weight = 1;
    let pair = topic.offer(voter) as DrawnPair;
    if (isOwn && account && conduct === 'ask') {
      pair = { one: PUSHED, other: account.left.pop() as number, strategy: 'explore' };
      ({ weight } = weightOfAsked(THINGS, account.given));
    }
    const { one, other } = pair;
    let score = answer(truth[one] as number, truth[other] as number, random);
    if (isOwn && conduct !== 'honest' && (one === PUSHED || other === PUSHED)) score = Number(one === PUSHED);
    if (!isOwn && index < RANDOM_VOTERS) score = random() < 0.5 ? 1 : 0;
    else if (!isOwn && index < RANDOM_VOTERS + LEFT_VOTERS) score = 1;
    const counted = topic.cast(voter, pair, { score, weight, isWeighted });
    watch.add(pair, score);
    if (isOwn) {
      own--;
      kept.own += counted / accounts / votes;
      if (account && conduct === 'ask') account.given += counted;
    } else {
      others--;
      if (index >= RANDOM_VOTERS + LEFT_VOTERS) {
        kept.others += counted;
        kept.honestOthers++;
      }
    }
  }
  const mean = topic.means()[PUSHED] as number;
  const rank = 1 + topic.means().filter((one) => one > mean).length;
  return { rank, kept: kept.own, othersKept: kept.others / kept.honestOthers, alarm: watch.highest };
}

const [RANDOM_VOTERS, LEFT_VOTERS] = [4, 2];

/** The things that the pushed one can be compared with, in random order. */
function opponents(random: Random): number[] {
  const things = Array.from({ length: THINGS }, (_, thing) => thing).filter((thing) => thing !== PUSHED);
  const keys = things.map(random);
  return [...keys.keys()]
    .sort((a, b) => (keys[a] as number) - (keys[b] as number))
    .map((at) => things[at] as number);
}

/** Watches the last votes of a topic as the operator's alarm does, once in every 50 votes. */
class Watch {
  highest = 0;
  private readonly topic: Topic;
  private readonly votes: { one: number; other: number; score: number; expected: number }[] = [];

  constructor(topic: Topic) {
    this.topic = topic;
  }

  add({ one, other }: DrawnPair, score: number): void {
    this.votes.push({
      one,
      other,
      score,
      expected: expectedScore(this.topic.fittedMeans, one, other),
    });
    if (this.votes.length % 50 > 0 || this.votes.length < ALARM_VOTES) return;
    const leans = Array.from({ length: THINGS }, () => NO_LEAN);
    for (const vote of this.votes.slice(-ALARM_VOTES)) {
      const push = vote.score - vote.expected;
      leans[vote.one] = afterPush(leans[vote.one] ?? NO_LEAN, push, vote.expected);
      leans[vote.other] = afterPush(leans[vote.other] ?? NO_LEAN, -push, vote.expected);
    }
    this.highest = Math.max(this.highest, ...leans.map(deviationOf));
  }
}
