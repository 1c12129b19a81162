import { LRUCache } from 'lru-cache';
import { Piscina } from 'piscina';
import type { Database } from '../database.js';
import { belowPages } from '../worker-priority.js';
import { type OwnTopic, ownAnswers } from './own-votes.js';
import { type Answers, type NumberedRanking, rankAnswers } from './rank-answers.js';

/** A ranking made from one voter's answers, with the ids of its things. */
export interface OwnRanking extends NumberedRanking {
  /** The id of each thing, by its number. */
  ids: number[];
  /** How many answers the ranking is made from. */
  answers: number;
}

// So few answers take a few milliseconds. To send them to a thread takes longer.
const MAX_ANSWERS_INLINE = 150;
const [MAX_CACHED, MAX_WAITING] = [500, 8];

/**
 * Computes voters' own rankings in a worker thread, so that pages stay fast. Caches each until its voter
 * answers again.
 */
export class OwnRankings {
  readonly #db: Database;
  readonly #cache = new LRUCache<string, { state: string; ranking: Promise<OwnRanking> }>({
    max: MAX_CACHED,
  });
  readonly #workers = new Piscina<Answers, NumberedRanking>({
    filename: new URL('./rank-answers.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 60_000,
    // Pages come first.
    niceIncrement: belowPages(10),
  });

  constructor(db: Database) {
    this.#db = db;
  }

  /** Whether many rankings wait for the worker thread. */
  get isBusy(): boolean {
    return this.#workers.queueSize >= MAX_WAITING;
  }

  /** Ranks a voter's answers in a topic. @param inWorker use the worker thread also for few answers */
  of(voterId: number, topic: OwnTopic, { inWorker = false } = {}): Promise<OwnRanking> {
    const key = `${voterId} ${topic.board.topic.id}`;
    const cached = this.#cache.get(key);
    const { state } = topic;
    if (cached?.state === state) return cached.ranking;
    const ranking = this.#compute(voterId, topic, inWorker);
    this.#cache.set(key, { state, ranking });
    ranking.catch(() => this.#cache.delete(key));
    return ranking;
  }

  async #compute(voterId: number, topic: OwnTopic, inWorker: boolean): Promise<OwnRanking> {
    const { answers, ids } = await ownAnswers(this.#db, voterId, topic);
    const count = answers.left.length;
    const ranking =
      count <= MAX_ANSWERS_INLINE && !inWorker
        ? rankAnswers(answers)
        : await this.#workers.run(answers, { name: 'rankAnswers' });
    return { ...ranking, ids, answers: count };
  }
}
