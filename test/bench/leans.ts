import { afterPush, type Lean, NO_LEAN, weightOfOneSided } from '../../src/ranking/math/one-sided.js';
import { winChance } from '../../src/ranking/math/online-update.js';

/** The chance (0 to 1) that the left thing is chosen, by the means of a fit. */
export const expectedScore = (means: Float64Array, left: number, right: number): number =>
  winChance((means[left] ?? 0) - (means[right] ?? 0));

/** A vote as a lean needs it. */
interface GroupVote {
  group: number;
  voter: number;
  left: number;
  right: number;
  score: number;
}

/** The votes of one group of voters, and how far it leans towards each thing. */
class Group {
  readonly voters = new Set<number>();
  readonly votes: GroupVote[] = [];
  /** Undefined until the group is judged for the first time. */
  leans: Map<number, Lean> | undefined;
}

/**
 * How far groups of voters lean towards things, as `src/ranking/ranker/group-leans.ts` keeps it: a group is
 * judged when it has several voters and less than half as many votes as were fitted. Its votes are kept from
 * then on, also while it is not judged. What was expected of a vote is what the last fit before it says.
 */
export class Leans {
  /** The means of the last fit, and how many votes it had. */
  fit: { means: Float64Array; votes: number };
  private readonly groups = new Map<number, Group>();

  constructor(size: number) {
    this.fit = { means: new Float64Array(size), votes: 0 };
  }

  /** Takes the next vote. @returns how much it counts by its group's earlier votes */
  take(vote: GroupVote): number {
    const group = this.groups.get(vote.group) ?? new Group();
    this.groups.set(vote.group, group);
    group.voters.add(vote.voter);
    const isJudged = group.voters.size > 1 && this.fit.votes > 2 * group.votes.length;
    if (isJudged && group.leans === undefined) {
      group.leans = new Map();
      for (const earlier of group.votes) this.add(group.leans, earlier);
    }
    group.votes.push(vote);
    if (group.leans === undefined) return 1;
    const push = vote.score - expectedScore(this.fit.means, vote.left, vote.right);
    const weight = Math.min(
      weightOfOneSided(group.leans.get(vote.left) ?? NO_LEAN, push),
      weightOfOneSided(group.leans.get(vote.right) ?? NO_LEAN, -push),
    );
    this.add(group.leans, vote);
    return isJudged ? weight : 1;
  }

  private add(leans: Map<number, Lean>, { left, right, score }: GroupVote): void {
    const expected = expectedScore(this.fit.means, left, right);
    leans.set(left, afterPush(leans.get(left) ?? NO_LEAN, score - expected, expected));
    leans.set(right, afterPush(leans.get(right) ?? NO_LEAN, expected - score, expected));
  }
}
