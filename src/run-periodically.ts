import type { Logger } from 'pino';

/**
 * Runs a task again and again. When a run takes longer than the interval, the next run is left out.
 * @param milliseconds the interval, from start to start
 * @param options `failure` is the log line for a failed run; the task runs again after the interval
 */
export function runPeriodically(
  milliseconds: number,
  task: () => Promise<void>,
  { log, failure }: { log: Logger; failure: string },
): { stop(): void } {
  let isRunning = false;
  const timer = setInterval(async () => {
    if (isRunning) return;
    isRunning = true;
    await task().catch((error: unknown) => log.warn({ err: error }, failure));
    isRunning = false;
  }, milliseconds);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
