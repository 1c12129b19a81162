/** Something that a visitor is told in plain words, with the status it goes out under. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;
  /** What the log is told beyond the message. */
  readonly reason: string | undefined;

  /**
   * @param title what happened, as a page's heading
   * @param message what the visitor can do now
   */
  constructor(
    status: number,
    title: string,
    message: string,
    { retryAfter, reason, cause }: { retryAfter?: number; reason?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.reason = reason;
    this.status = status;
    this.title = title;
    this.retryAfter = retryAfter;
  }
}

/** A store is away. Nothing is lost: the same works again in a moment. */
export class StoreAwayProblem extends Problem {
  constructor(reason?: string, options?: ErrorOptions) {
    super(503, 'We are catching our breath', 'Nothing is lost. Please try again in a moment.', {
      retryAfter: 5,
      reason,
      ...options,
    });
  }
}

/** The page that does not exist, or that is not this visitor's to see. */
export const notFound = (): Problem =>
  new Problem(404, 'There is nothing here', 'The address may be mistyped, or the page has gone.');
