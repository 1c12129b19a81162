import { expect, it } from 'vitest';
import { Board, type StoredThing } from '../../src/ranking/boards/board.js';
import { estimatesOf } from '../../src/ranking/math/online-update.js';
import { type Random, seededRandom } from '../../src/ranking/math/random.js';
import { Selector } from '../../src/ranking/math/selector.js';
import type { Candidates } from '../../src/voting/candidates.js';
import { drawPairs } from '../../src/voting/draw.js';
import { haveSameThings, type Pair } from '../../src/voting/pairs.js';
import { type Queue, Queues } from '../../src/voting/queue.js';
import { candidatesAfter } from '../../src/voting/queue-changes.js';
import type { VoterContext } from '../../src/voting/voter.js';
import { takePair } from '../../src/voting/voter-queue.js';
import type { Vote } from '../../src/voting/voting.js';
import { topOf } from './accuracy.js';
import { answer, drawStrengths, Topic, Voter } from './simulation.js';

// Simulates voters who vote at the same time, in rounds. Each pair of a queue was drawn two rounds before its
// answer. It uses no store.

const HOUR = 3_600_000;
const [THINGS, VOTES, RUNS, TOP] = [40, 1_200, 2_000, 3];
const MAX_LOSS = 0.03;

it.each([30, 60])(
  'finds the Top 3 with the queues of %i voters about as often as without queues',
  async (voters) => {
    const right = { live: 0, queued: 0 };
    for (let run = 0; run < RUNS; run++)
      for (const mode of ['live', 'queued'] as const)
        right[mode] += Number(await new Simulation(voters, run).findsTop(mode)) / RUNS;
    const [live, queued] = [right.live.toFixed(3), right.queued.toFixed(3)];
    console.info(
      `${voters} people: whole Top ${TOP} right in ${queued} of runs through the queue, ${live} live`,
    );
    expect(right.queued).toBeGreaterThan(right.live - MAX_LOSS);
  },
  HOUR,
);

/** A simulated voter. */
interface SimulatedVoter {
  voter: Voter;
  queue: Queue;
  answered: Pair[];
}

/** Voters who vote on the same things at the same time. */
class Simulation {
  readonly #truth: Float64Array;
  readonly #topic: Topic;
  readonly #random: Random;
  readonly #queues = new Queues(undefined, '');
  readonly #voters: SimulatedVoter[];
  #board: Board;

  constructor(voters: number, seed: number) {
    this.#random = seededRandom(9_000 + seed);
    this.#truth = drawStrengths(THINGS, 1, this.#random);
    this.#topic = new Topic(THINGS, VOTES, { random: this.#random });
    this.#board = this.#publish();
    this.#voters = Array.from({ length: voters }, (_, number) => ({
      voter: new Voter(number + 1),
      queue: { ...EMPTY },
      answered: [],
    }));
  }

  /** Has all votes cast. @returns whether the shown Top 3 are the strongest three, in any order */
  async findsTop(mode: 'live' | 'queued'): Promise<boolean> {
    if (mode === 'queued') for (const simulated of this.#voters) await this.#take(simulated, NO_PAIR);
    while (this.#topic.votes.count < VOTES) {
      for (const simulated of this.#voters) await this.#vote(simulated, mode);
      this.#board = this.#publish();
    }
    return topOf(this.#topic.means(), TOP).every((thing) => thing < TOP);
  }

  async #vote(simulated: SimulatedVoter, mode: 'live' | 'queued'): Promise<void> {
    const pair = mode === 'queued' ? simulated.queue.pairs[0] : this.#draw(simulated);
    if (!pair || this.#topic.votes.count === VOTES) return;
    const [one, other] = [pair.leftId - 1, pair.rightId - 1];
    const score = answer(this.#truth[one] as number, this.#truth[other] as number, this.#random);
    await this.#take(simulated, pair);
    this.#topic.cast(
      simulated.voter,
      { one, other, strategy: pair.strategy as 'focus' | 'explore' },
      { score },
    );
  }

  #draw({ queue, answered }: SimulatedVoter): Pair | undefined {
    return drawPairs(this.#board, queue, this.#random).find((pair) => isOpen(pair, answered));
  }

  /** Takes a pair from a voter's queue as the site does. `answered` replaces the ledger. */
  async #take(simulated: SimulatedVoter, pair: Pair): Promise<void> {
    const voter = { id: simulated.voter.number, isGuest: false };
    const context = { queues: this.#queues, board: this.#board, voter, secret: 'secret' } as VoterContext;
    const given = { outcome: 'left', unknown: null } as const;
    const seed = String(this.#random());
    const { queued, drawn } = candidatesAfter(context, simulated.queue, { pair, answer: given, seed });
    simulated.answered.push(pair);
    const open: Candidates = {
      queued: queued.filter((one) => isOpen(one, simulated.answered)),
      drawn: drawn.filter((one) => isOpen(one, simulated.answered)),
    };
    const vote = { ...pair, outcome: 'left', ballotId: '' } as Vote;
    simulated.queue = await takePair(context, simulated.queue, { vote, answer: given, isAgain: false, open });
  }

  /** Creates a board of the current ratings, which selects pairs for the Top 3. */
  #publish(): Board {
    const { field, appearances } = this.#topic;
    const order = topOf(this.#topic.means(), THINGS);
    const things = order.map((thing) => ({
      id: thing + 1,
      mean: field.means[thing] as number,
      variance: field.variances[thing] as number,
      wins: appearances[thing] as number,
      losses: 0,
      ties: 0,
    })) as StoredThing[];
    const board = new Board(ABOUT, things);
    const seen = Int32Array.from(things, ({ wins }) => wins);
    return Object.assign(board, {
      selector: new Selector({ ...estimatesOf(things), appearances: seen }, TOP),
    });
  }
}

const isOpen = (pair: Pair, answered: Pair[]): boolean => !answered.some((one) => haveSameThings(one, pair));

const NO_PAIR: Pair = { leftId: 0, rightId: 0, strategy: 'explore' };
const EMPTY: Queue = {
  version: '',
  pairs: [],
  recent: [],
  unknown: [],
  answers: 0,
  today: { day: 0, votes: 0 },
};
const ABOUT: ConstructorParameters<typeof Board>[0] = {
  ...{ id: 1, slug: 'room', title: 'Room', question: 'Which?', access: 'public', isDefault: true },
  ...{
    phase: 'open',
    results: 'always',
    opensAt: null,
    closesAt: null,
    timeZone: 'UTC',
    takesSuggestions: false,
    code: null,
    notes: 'none' as const,
    embedOrigins: [],
    hiddenAt: null,
    votesEach: null,
  },
  ...{ goal: 20, version: 1, fit: undefined, loadedAt: new Date(), retired: new Set(), merges: new Map() },
  ...{ progress: [], expectedShare: null, trends: { readAt: new Date(0), ranks: new Map() } },
};
