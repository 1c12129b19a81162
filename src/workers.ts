import cluster from 'node:cluster';

const RETRY_MS = 1_000;

/** Whether this process only keeps others going, as one does with WEB_CONCURRENCY above 1. */
export const leads = (workers: number): boolean => workers > 1 && cluster.isPrimary;

/** Whether this process is one of several; what is to be said once, the first of them says. */
export const isFirst = (): boolean => cluster.isPrimary || cluster.worker?.id === 1;

/** Lets this process end: one of several would otherwise wait for word from the one that leads. */
export function leave(): void {
  cluster.worker?.disconnect();
}

/**
 * Keeps so many processes serving on one port: one that dies is replaced, unless none could ever start.
 */
export function lead(workers: number): void {
  let stopping = false;
  let hasServed = false;
  for (let worker = 0; worker < workers; worker++) cluster.fork();
  cluster.on('listening', () => {
    hasServed = true;
  });
  cluster.on('exit', () => {
    if (stopping) return;
    if (!hasServed) process.exit(1);
    // A store may be away: the next one tries again in a while.
    setTimeout(() => stopping || cluster.fork(), RETRY_MS);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stopping = true;
      for (const worker of Object.values(cluster.workers ?? {})) worker?.kill(signal);
    });
}
