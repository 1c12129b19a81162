import cluster from 'node:cluster';

const RETRY_MS = 1_000;

/** Something that runs until it is stopped. */
interface Stoppable {
  stop(): Promise<void>;
}

/** Whether this process only keeps others going, as one does with WEB_CONCURRENCY above 1. */
export const leads = (workers: number): boolean => workers > 1 && cluster.isPrimary;

/** Whether this process is one of several; what is to be said once, the first of them says. */
export const isFirst = (): boolean => cluster.isPrimary || cluster.worker?.id === 1;

/** Lets this process end: one of several would otherwise wait for word from the one that leads. */
export function leave(): void {
  cluster.worker?.disconnect();
}

/** Whether this process was started by one that leads. */
export const isLed = (): boolean => cluster.isWorker;

/**
 * Keeps so many processes serving on one port: one that dies is replaced, unless none could ever start.
 * @param startRanker is called as soon as one of them serves; its ranker is stopped when all of them have ended
 */
export function lead(workers: number, startRanker: (stopping: AbortSignal) => Stoppable | undefined): void {
  const stopping = new AbortController();
  let hasServed = false;
  let ranker: Stoppable | undefined;
  for (let worker = 0; worker < workers; worker++) cluster.fork();
  cluster.on('listening', () => {
    // The tables are there now.
    if (!hasServed) ranker = startRanker(stopping.signal);
    hasServed = true;
  });
  const stopRankerLast = (): void => {
    if (Object.values(cluster.workers ?? {}).every((worker) => worker?.isDead())) void ranker?.stop();
  };
  cluster.on('exit', () => {
    if (stopping.signal.aborted) return stopRankerLast();
    if (!hasServed) process.exit(1);
    // A store may be away: the next one tries again in a while.
    setTimeout(() => stopping.signal.aborted || cluster.fork(), RETRY_MS);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stopping.abort();
      for (const worker of Object.values(cluster.workers ?? {})) worker?.kill(signal);
      stopRankerLast();
    });
}
