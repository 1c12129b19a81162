import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Database } from '../database.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import type { OwnProgress } from '../voting/pages.js';
import type { OwnRankings } from './own-rankings.js';
import { answersForList } from './own-top.js';
import { ownTopics } from './own-votes.js';

const MAX_CACHED = 10_000;
// The progress changes slowly, and to compute it costs as much as ten votes.
const ANSWERS_BETWEEN = 5;

/**
 * Tells how far voters' own Tops have come, for the pair page. It answers at once with the last known value.
 * After each five answers it computes the value again in the background, so no vote waits for it. For all
 * voters together this takes at most a fifth of one core.
 */
export class ProgressTracker {
  readonly #db: Database;
  readonly #boards: Boards;
  readonly #rankings: OwnRankings;
  readonly #log: Logger;
  readonly #cache = new LRUCache<string, { size: number; expectedRight: number; atAnswers: number }>({
    max: MAX_CACHED,
  });
  // Only one voter's progress is computed at a time.
  #isComputing = false;
  #pausedUntil = 0;

  constructor({
    db,
    boards,
    rankings,
    log,
  }: {
    db: Database;
    boards: Boards;
    rankings: OwnRankings;
    log: Logger;
  }) {
    this.#db = db;
    this.#boards = boards;
    this.#rankings = rankings;
    this.#log = log;
  }

  /**
   * Tells how far a voter's own Top of a topic has come.
   * @param answers how many of their answers in it stand
   */
  of(voterId: number, board: Board, answers: number): OwnProgress {
    const enough = answersForList(board.size);
    const toGo = Math.max(enough - answers, 0);
    const key = `${voterId} ${board.topic.id}`;
    const known = this.#cache.get(key) ?? { size: 0, expectedRight: 0, atAnswers: -ANSWERS_BETWEEN };
    const isDue = Math.abs(answers - known.atAnswers) >= ANSWERS_BETWEEN;
    const isFree = !this.#isComputing && !this.#rankings.isBusy && performance.now() >= this.#pausedUntil;
    if (toGo === 0 && isDue && isFree) {
      this.#cache.set(key, { ...known, atAnswers: answers });
      // The progress is not essential. After a failure the old value stays until five answers later.
      this.#update(key, voterId, board).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'the progress of an own Top could not be computed'),
      );
    }
    return { toGo, enough, size: known.size, expectedRight: known.expectedRight };
  }

  async #update(key: string, voterId: number, board: Board): Promise<void> {
    const startedAt = performance.now();
    this.#isComputing = true;
    try {
      const topics = await ownTopics(this.#db, this.#boards, voterId);
      const topic = topics.find((other) => other.board.topic.id === board.topic.id);
      const ranking = topic && (await this.#rankings.of(voterId, topic, { inWorker: true }));
      const known = this.#cache.get(key);
      if (known && ranking)
        this.#cache.set(key, {
          ...known,
          size: ranking.topSize,
          expectedRight: Math.round(ranking.topSize * ranking.expectedShare),
        });
    } finally {
      this.#isComputing = false;
      this.#pausedUntil = performance.now() + 4 * (performance.now() - startedAt);
    }
  }
}
