/**
 * Limits long work on each topic to a share of the time, so that it is not repeated for every single vote.
 */
export class Pace {
  readonly #last = new Map<number, { endedAt: number; tookMs: number }>();
  readonly #pauseFactor: number;

  /** @param pauseFactor the pause after the work, as a multiple of the time that the work took */
  constructor(pauseFactor: number) {
    this.#pauseFactor = pauseFactor;
  }

  /** Whether the pause after a topic's last work has ended. */
  isDue(topicId: number): boolean {
    const last = this.#last.get(topicId);
    return !last || performance.now() - last.endedAt >= this.#pauseFactor * last.tookMs;
  }

  /** Does work on a topic and measures its time. */
  async time(topicId: number, work: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    try {
      await work();
    } finally {
      this.#last.set(topicId, { endedAt: performance.now(), tookMs: performance.now() - startedAt });
    }
  }
}
