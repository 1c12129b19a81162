import { expect, it } from 'vitest';
import { Board, type StoredThing } from '../../src/ranking/boards/board.js';
import { fieldOf } from '../../src/ranking/math/online.js';
import { type Random, seededRandom } from '../../src/ranking/math/random.js';
import { Selector } from '../../src/ranking/math/selector.js';
import { drawPairs } from '../../src/voting/draw.js';
import type { Open } from '../../src/voting/open-pairs.js';
import { haveSameThings, type Pair } from '../../src/voting/pairs.js';
import { type Queue, Queues } from '../../src/voting/queue.js';
import { type Asker, candidatesAfter, takePair } from '../../src/voting/voter-queue.js';
import type { Vote } from '../../src/voting/voting.js';
import { answer, Topic, topOf, Voter, worldOf } from './simulation.js';

// A room in which everybody votes at the same time, in rounds: each pair of the queue was drawn two rounds before it is
// answered. It wants no store.

const HOUR = 3_600_000;
const [THINGS, VOTES, RUNS, TOP] = [40, 1_200, 2_000, 3];
const MOST_LOST = 0.03;

it.each([30, 60])(
  'finds the Top 3 through the queues of %i people as by drawing live',
  async (people) => {
    const right = { live: 0, queued: 0 };
    for (let run = 0; run < RUNS; run++)
      for (const way of ['live', 'queued'] as const)
        right[way] += Number(await new Room(people, run).findsTop(way)) / RUNS;
    const [live, queued] = [right.live.toFixed(3), right.queued.toFixed(3)];
    console.info(
      `${people} people: whole Top ${TOP} right in ${queued} of runs through the queue, ${live} live`,
    );
    expect(right.queued).toBeGreaterThan(right.live - MOST_LOST);
  },
  HOUR,
);

/** Somebody in the room. */
interface Person {
  voter: Voter;
  queue: Queue;
  answered: Pair[];
}

/** People who vote on the same things at the same time. */
class Room {
  readonly #truth: Float64Array;
  readonly #topic: Topic;
  readonly #random: Random;
  readonly #queues = new Queues(undefined, '');
  readonly #people: Person[];
  #board: Board;

  constructor(people: number, seed: number) {
    this.#random = seededRandom(9_000 + seed);
    this.#truth = worldOf(THINGS, 1, this.#random);
    this.#topic = new Topic(THINGS, VOTES, this.#random);
    this.#board = this.#publish();
    this.#people = Array.from({ length: people }, (_, number) => ({
      voter: new Voter(number + 1),
      queue: { ...EMPTY },
      answered: [],
    }));
  }

  /** Lets them cast all votes. @returns whether the strongest three are those that are shown as such, in any order */
  async findsTop(way: 'live' | 'queued'): Promise<boolean> {
    if (way === 'queued') for (const person of this.#people) await this.#take(person, NO_PAIR);
    while (this.#topic.votes.count < VOTES) {
      for (const person of this.#people) await this.#vote(person, way);
      this.#board = this.#publish();
    }
    return topOf(this.#topic.means(), TOP).every((thing) => thing < TOP);
  }

  async #vote(person: Person, way: 'live' | 'queued'): Promise<void> {
    const pair = way === 'queued' ? person.queue.pairs[0] : this.#draw(person);
    if (!pair || this.#topic.votes.count === VOTES) return;
    const [one, other] = [pair.leftId - 1, pair.rightId - 1];
    const score = answer(this.#truth[one] as number, this.#truth[other] as number, this.#random);
    await this.#take(person, pair);
    this.#topic.cast(person.voter, { one, other, strategy: pair.strategy as 'focus' | 'explore' }, score);
  }

  #draw({ queue, answered }: Person): Pair | undefined {
    return drawPairs(this.#board, queue, this.#random).find((pair) => isOpen(pair, answered));
  }

  /** Takes a pair from somebody's queue as the site does; what the ledger knows there is known here. */
  async #take(person: Person, pair: Pair): Promise<void> {
    const asker = { queues: this.#queues, board: this.#board, voter: person.voter.number, secret: 'secret' };
    const voter = { ...asker, isGuest: false } as Asker;
    const given = { outcome: 'left', unknown: null } as const;
    const seed = String(this.#random());
    const { due, drawn } = candidatesAfter(voter, person.queue, { pair, answer: given, seed });
    person.answered.push(pair);
    const open: Open = {
      due: due.filter((one) => isOpen(one, person.answered)),
      drawn: drawn.filter((one) => isOpen(one, person.answered)),
    };
    const vote = { ...pair, outcome: 'left', ballotId: '' } as Vote;
    person.queue = await takePair(voter, person.queue, { vote, answer: given, isAgain: false, open });
  }

  /** The board of this moment, with pairs that are chosen for its first three. */
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
    return Object.assign(board, { selector: new Selector({ ...fieldOf(things), appearances: seen }, TOP) });
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
  today: { day: '', votes: 0 },
};
const ABOUT: ConstructorParameters<typeof Board>[0] = {
  ...{ id: 1, slug: 'room', title: 'Room', question: 'Which?', visibility: 'public', isDefault: true },
  ...{ version: 1, fit: undefined, loadedAt: new Date(), retired: new Set() },
};
