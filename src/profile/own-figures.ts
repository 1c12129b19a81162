import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { Piscina } from 'piscina';
import { root } from '../config.js';
import type { Database } from '../database.js';
import { type Answers, type Figures, figuresOf } from './figures.js';
import { type OwnTopic, ownAnswers } from './own-votes.js';

/** What a person's answers in a topic come to, by the things' ids. */
export interface OwnFigures extends Figures {
  /** The id of each thing, by its number. */
  ids: number[];
  /** How many answers they rest on. */
  answers: number;
}

// Up to here the work takes a few milliseconds, and less than handing it over to a thread.
const FEW_ANSWERS = 150;
const [MOST_KEPT, MOST_WAITING] = [500, 8];

/**
 * What people's own answers come to, worked out in a worker thread so that pages stay as quick as ever meanwhile,
 * and kept until the person answers again.
 */
export class FiguresOfPeople {
  readonly #db: Database;
  readonly #kept = new LRUCache<string, { state: string; figures: Promise<OwnFigures> }>({ max: MOST_KEPT });
  readonly #workers = new Piscina<Answers, Figures>({
    // Compiled, also when tests run the sources: a worker thread loads plain JavaScript.
    filename: join(root, 'dist/src/profile/figures-worker.js'),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 60_000,
  });

  constructor(db: Database) {
    this.#db = db;
  }

  /** Whether many wait for the worker thread already. */
  get isBusy(): boolean {
    return this.#workers.queueSize >= MOST_WAITING;
  }

  /** What a person's answers in a topic come to now. @param aside in the worker thread, however few they are */
  of(voter: number, topic: OwnTopic, { aside = false } = {}): Promise<OwnFigures> {
    const key = `${voter} ${topic.board.topic.id}`;
    const known = this.#kept.get(key);
    const { state } = topic;
    if (known?.state === state) return known.figures;
    const figures = this.#workOut(voter, topic, aside);
    this.#kept.set(key, { state, figures });
    figures.catch(() => this.#kept.delete(key));
    return figures;
  }

  async #workOut(voter: number, { board }: OwnTopic, aside: boolean): Promise<OwnFigures> {
    const { answers, ids } = await ownAnswers(this.#db, voter, board);
    const count = answers.left.length;
    const figures =
      count <= FEW_ANSWERS && !aside
        ? figuresOf(answers)
        : await this.#workers.run(answers, { name: 'figures' });
    return { ...figures, ids, answers: count };
  }
}
