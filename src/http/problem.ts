/** An error that tells the visitor in plain words what happened, with the HTTP status of the answer. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  /** Seconds after which the visitor should try again. */
  readonly retryAfter: number | undefined;
  /** Goes to the log in place of the message. */
  readonly reason: string | undefined;

  /**
   * @param title what happened, as the page's heading
   * @param message what the visitor can do now
   */
  constructor(status: number, title: string, message: string) {
    super(message);
    this.status = status;
    this.title = title;
  }
}

/** A problem that is over soon: the same request works again after `retryAfter` seconds. */
export class TemporaryProblem extends Problem {
  override readonly retryAfter: number;
  override readonly reason: string | undefined;

  constructor({
    status,
    title,
    message,
    retryAfter,
    reason,
    cause,
  }: {
    status: number;
    title: string;
    message: string;
    retryAfter: number;
    reason?: string | undefined;
    cause?: unknown;
  }) {
    super(status, title, message);
    this.retryAfter = retryAfter;
    this.reason = reason;
    if (cause !== undefined) this.cause = cause;
  }
}

/** Postgres or Redis is unavailable. The same request works again in a moment. */
export class StoreUnavailableProblem extends TemporaryProblem {
  /** @param reason goes to the log in place of the message */
  constructor(reason?: string, options?: ErrorOptions) {
    super({
      status: 503,
      title: 'Temporarily unavailable',
      message: 'Please try again in a moment.',
      retryAfter: 5,
      reason,
      ...options,
    });
  }
}

/** Creates the problem for a page that does not exist, or that this visitor may not see. */
export const notFound = (): Problem =>
  new Problem(404, 'Page not found', 'Check the address for typos. The page may also have been removed.');
