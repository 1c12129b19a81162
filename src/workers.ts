import cluster from 'node:cluster';

/** Whether this process only keeps others going, as one does with WEB_CONCURRENCY above 1. */
export const leads = (workers: number): boolean => workers > 1 && cluster.isPrimary;

/** Whether this process is one of several; what is to be said once, the first of them says. */
export const isFirst = (): boolean => cluster.isPrimary || cluster.worker?.id === 1;

/** Lets this process end: one of several would otherwise wait for word from the one that leads. */
export function leave(): void {
  cluster.worker?.disconnect();
}

/**
 * Keeps so many processes serving on one port: one that dies at work is replaced, one that can't start ends all.
 */
export function lead(workers: number): void {
  let stopping = false;
  const serving = new Set<number>();
  for (let worker = 0; worker < workers; worker++) cluster.fork();
  cluster.on('listening', (worker) => serving.add(worker.id));
  cluster.on('exit', (worker) => {
    if (stopping) return;
    if (!serving.delete(worker.id)) process.exit(1);
    cluster.fork();
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stopping = true;
      for (const worker of Object.values(cluster.workers ?? {})) worker?.kill(signal);
    });
}
