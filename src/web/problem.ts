/** Something that a visitor is told in plain words, with the status it goes out under. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;

  /**
   * @param title what happened, as a page's heading
   * @param message what the visitor can do now
   */
  constructor(status: number, title: string, message: string, { retryAfter }: { retryAfter?: number } = {}) {
    super(message);
    this.status = status;
    this.title = title;
    this.retryAfter = retryAfter;
  }
}

/** The page that does not exist, or that is not this visitor's to see. */
export const notFound = (): Problem =>
  new Problem(404, 'There is nothing here', 'The address may be mistyped, or the page has gone.');
