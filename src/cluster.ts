import cluster from 'node:cluster';

const RESTART_DELAY_MS = 1_000;

/** A running task that can be stopped. */
interface Stoppable {
  stop(): Promise<void>;
}

/**
 * Tells whether this process only starts and replaces web processes (the primary, with WEB_CONCURRENCY above
 * 1).
 */
export const isPrimary = (workers: number): boolean => workers > 1 && cluster.isPrimary;

/** Tells whether a primary process started this one. */
export const isWorker = (): boolean => cluster.isWorker;

/**
 * True in a single process, in the primary process, and in the first worker. These print what must appear once.
 */
export const isFirstProcess = (): boolean => cluster.isPrimary || cluster.worker?.id === 1;

/** Closes the channel to the primary process, which would keep this process alive. */
export function disconnectFromPrimary(): void {
  cluster.worker?.disconnect();
}

/**
 * Keeps a number of web processes serving on one port. A process that dies is replaced, unless none ever
 * served.
 * @param startRanker is called as soon as one process serves; its ranker is stopped when all processes have
 * ended
 */
export function runPrimary(
  workers: number,
  startRanker: (stopping: AbortSignal) => Stoppable | undefined,
): void {
  const stopping = new AbortController();
  let hasServed = false;
  let ranker: Stoppable | undefined;
  for (let worker = 0; worker < workers; worker++) cluster.fork();
  cluster.on('listening', () => {
    // A process that serves has migrated the tables.
    if (!hasServed) ranker = startRanker(stopping.signal);
    hasServed = true;
  });
  const stopRankerLast = (): void => {
    if (Object.values(cluster.workers ?? {}).every((worker) => worker?.isDead())) void ranker?.stop();
  };
  cluster.on('exit', () => {
    if (stopping.signal.aborted) return stopRankerLast();
    if (!hasServed) process.exit(1);
    // Delayed, because the cause may be a store that is unavailable for a moment.
    setTimeout(() => stopping.signal.aborted || cluster.fork(), RESTART_DELAY_MS);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stopping.abort();
      for (const worker of Object.values(cluster.workers ?? {})) worker?.kill(signal);
      stopRankerLast();
    });
}
