import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { yieldToPages } from '../../worker-priority.js';
import type { RankerProcess } from './ranker-process.js';

const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 60_000];
// A child that ran for so long did not fail at its start.
const STABLE_AFTER_MS = 60_000;
const KILL_AFTER_MS = 5_000;
const HEARTBEAT_MS = 500;
// No calculation outside of a worker thread takes so long.
const FROZEN_AFTER_MS = 10_000;

/**
 * Runs the ranker in a child process. When the child ends, it starts another: after a second at first, then
 * after twice as long each time, up to a minute. After a child that ran for a minute or more, the pause is a
 * second again. It kills a child that has sent no heartbeat for ten seconds, because it is frozen.
 * @param stopping when it is aborted, no child is started any more; the running one goes on until `stop`
 */
export function startRankerChild(log: Logger, stopping: AbortSignal): RankerProcess {
  let child: ChildProcess | undefined;

  async function keepRunning(): Promise<void> {
    let pauseMs = SHORTEST_PAUSE_MS;
    while (!stopping.aborted) {
      const startedAt = performance.now();
      child = fork(new URL('../../ranker.js', import.meta.url), {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      yieldToPages(child, 10);
      killWhenFrozen(child);
      const end = await waitForEnd(child);
      if (stopping.aborted) return;
      if (performance.now() - startedAt >= STABLE_AFTER_MS) pauseMs = SHORTEST_PAUSE_MS;
      log.warn({ ...end, pauseMs }, 'the ranker ended and is started again after a pause');
      await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  const work = keepRunning();
  return {
    /**
     * Lets the child finish what it is folding, for up to five seconds. Call it only after `stopping` is
     * aborted.
     */
    async stop() {
      // To the child this looks like the end of its parent, and it stops.
      if (child?.connected) child.disconnect();
      // A kill is safe: Postgres rolls back what the child was writing.
      const kill = setTimeout(() => child?.kill('SIGKILL'), KILL_AFTER_MS);
      await work;
      clearTimeout(kill);
    },
  };
}

/** Sends heartbeats to the parent process, if that has started this one by `startRankerChild`. */
export function sendHeartbeats(): void {
  const send = (): void => {
    if (process.connected) process.send?.('alive');
  };
  send();
  setInterval(send, HEARTBEAT_MS).unref();
}

function killWhenFrozen(child: ChildProcess): void {
  // It waits for the first heartbeat, because a program may take long to load.
  child.once('message', () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), FROZEN_AFTER_MS);
    child.on('message', () => timer.refresh()).once('exit', () => clearTimeout(timer));
  });
}

/** Waits until a child has ended, or failed to start. */
async function waitForEnd(child: ChildProcess): Promise<{ code?: number; signal?: string; err?: unknown }> {
  try {
    const [code, signal] = await once(child, 'exit');
    return { code, signal };
  } catch (err) {
    return { err };
  }
}
