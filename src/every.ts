import type { Logger } from 'pino';

/**
 * Does some work again and again; when it takes longer than the time between, the next turn is left out.
 * @param milliseconds between one beginning and the next
 * @param failure what the log says when it fails; it is tried again the next time
 */
export function every(
  milliseconds: number,
  work: () => Promise<void>,
  { log, failure }: { log: Logger; failure: string },
): { stop(): void } {
  let isBusy = false;
  const timer = setInterval(async () => {
    if (isBusy) return;
    isBusy = true;
    await work().catch((error: unknown) => log.warn({ err: error }, failure));
    isBusy = false;
  }, milliseconds);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
