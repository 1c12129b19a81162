const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/** Is called when the ranking of one topic failed. @throws the error, to end the work on all topics */
export type OnFailure = (topicId: number, error: unknown) => void;

/** Ends the work on all topics when the ranking of one fails. */
export const throwFailure: OnFailure = (_topicId, error) => {
  throw error;
};

/**
 * The topics whose ranking failed. Each pauses for a second at first, and for twice as long after each
 * further failure, up to five minutes, so that it does not delay the others.
 */
export class Retries {
  readonly #onFailure: OnFailure;
  readonly #failed = new Map<number, { pauseMs: number; until: number }>();

  /** @param onFailure is called for each failure; when it throws, the topic is not retried */
  constructor(onFailure: OnFailure) {
    this.#onFailure = onFailure;
  }

  /** Records a failure. @throws what `onFailure` throws */
  failed(topicId: number, error: unknown): void {
    this.#onFailure(topicId, error);
    const before = this.#failed.get(topicId);
    const pauseMs = before ? Math.min(2 * before.pauseMs, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    this.#failed.set(topicId, { pauseMs, until: performance.now() + pauseMs });
  }

  /** Ends the retries of a topic. */
  succeeded(topicId: number): void {
    this.#failed.delete(topicId);
  }

  /** The topics whose last attempt failed. */
  topics(): number[] {
    return [...this.#failed.keys()];
  }

  /** Whether a topic has to wait before its next attempt. */
  isPaused(topicId: number): boolean {
    return performance.now() < (this.#failed.get(topicId)?.until ?? 0);
  }
}
