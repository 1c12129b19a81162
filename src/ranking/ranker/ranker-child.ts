import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { root } from '../../config.js';
import type { RankerProcess } from './ranker-process.js';

const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 60_000];
// A child that ran for so long did not fail at its start.
const RAN_WELL_MS = 60_000;
const KILL_AFTER_MS = 5_000;
const ALIVE_MS = 500;
// Longer than any calculation outside of a worker thread takes.
const FROZEN_AFTER_MS = 10_000;

/**
 * Runs the ranker in a child process. A child that dies is started again: after a second, then after twice as long each
 * time, up to a minute. A child that ran for a minute or more is started again after a second. A frozen one, from which
 * nothing is heard for ten seconds, is killed first.
 * @param stopping once it is aborted, no child is started any more; the running one goes on until `stop`
 */
export function startRankerChild(log: Logger, stopping: AbortSignal): RankerProcess {
  let child: ChildProcess | undefined;

  async function keepRunning(): Promise<void> {
    let pauseMs = SHORTEST_PAUSE_MS;
    while (!stopping.aborted) {
      const startedAt = Date.now();
      child = fork(join(root, 'dist/src/ranker.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      killWhenFrozen(child);
      const end = await endOf(child);
      if (stopping.aborted) return;
      if (Date.now() - startedAt >= RAN_WELL_MS) pauseMs = SHORTEST_PAUSE_MS;
      log.warn({ ...end, pauseMs }, 'the ranker ended and is started again after a pause');
      await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  const work = keepRunning();
  return {
    /** Lets the child finish what it is folding, for up to five seconds. Only after `stopping` is aborted. */
    async stop() {
      // The child takes this for the end of its parent, and stops.
      if (child?.connected) child.disconnect();
      // Postgres rolls back what it was writing then.
      const kill = setTimeout(() => child?.kill('SIGKILL'), KILL_AFTER_MS);
      await work;
      clearTimeout(kill);
    },
  };
}

/** Tells the process that started this one, if it did so for the ranker, that this one is not frozen. */
export function tellParent(): void {
  const tell = (): void => {
    if (process.connected) process.send?.('alive');
  };
  tell();
  setInterval(tell, ALIVE_MS).unref();
}

function killWhenFrozen(child: ChildProcess): void {
  // From the first message on: a program may take long to load.
  child.once('message', () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), FROZEN_AFTER_MS);
    child.on('message', () => timer.refresh()).once('exit', () => clearTimeout(timer));
  });
}

/** Waits until a child has ended, or could not be started. */
async function endOf(child: ChildProcess): Promise<{ code?: number; signal?: string; err?: unknown }> {
  try {
    const [code, signal] = await once(child, 'exit');
    return { code, signal };
  } catch (err) {
    return { err };
  }
}
