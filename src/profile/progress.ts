import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Database } from '../database.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import type { OwnProgress } from '../voting/pages.js';
import type { FiguresOfPeople } from './own-figures.js';
import { ANSWERS_ENOUGH } from './own-top.js';
import { ownTopics } from './own-votes.js';

const MOST_KEPT = 10_000;
// What is to be expected moves slowly, and working it out costs as much as ten votes.
const ANSWERS_BETWEEN = 5;

/**
 * How far people's own Tops have come, for the page with the pair. It says at once what is known, and works it out
 * anew aside, every five answers, so that no vote waits for it. For all voters together that takes a fifth of one core at most.
 */
export class ProgressOfPeople {
  readonly #db: Database;
  readonly #boards: Boards;
  readonly #figures: FiguresOfPeople;
  readonly #log: Logger;
  readonly #known = new LRUCache<string, { size: number; expectedRight: number; at: number }>({
    max: MOST_KEPT,
  });
  #restUntil = 0;

  constructor(db: Database, boards: Boards, figures: FiguresOfPeople, log: Logger) {
    this.#log = log;
    this.#db = db;
    this.#boards = boards;
    this.#figures = figures;
  }

  /** How far a person's own Top of a topic has come. @param answers how many of their answers there stand */
  of(voter: number, board: Board, answers: number): OwnProgress {
    const toGo = Math.max(ANSWERS_ENOUGH - answers, 0);
    const key = `${voter} ${board.topic.id}`;
    const known = this.#known.get(key) ?? { size: 0, expectedRight: 0, at: -ANSWERS_BETWEEN };
    const isDue = Math.abs(answers - known.at) >= ANSWERS_BETWEEN && Date.now() >= this.#restUntil;
    if (toGo === 0 && isDue && !this.#figures.isBusy) {
      this.#known.set(key, { ...known, at: answers });
      // A figure on the side: when it fails it stays as it was, and is tried again five answers on.
      this.#workOut(key, voter, board).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'how far an own Top has come is not worked out'),
      );
    }
    return { toGo, enough: ANSWERS_ENOUGH, size: known.size, expectedRight: known.expectedRight };
  }

  async #workOut(key: string, voter: number, board: Board): Promise<void> {
    const began = Date.now();
    try {
      const topics = await ownTopics(this.#db, this.#boards, voter);
      const topic = topics.find((one) => one.board.topic.id === board.topic.id);
      const figures = topic && (await this.#figures.of(voter, topic, { aside: true }));
      const known = this.#known.get(key);
      if (known && figures)
        this.#known.set(key, {
          ...known,
          size: figures.topSize,
          expectedRight: Math.round(figures.expectedRight),
        });
    } finally {
      this.#restUntil = Date.now() + 4 * (Date.now() - began);
    }
  }
}
