import { setImmediate } from 'node:timers/promises';

/** How long one piece of work goes on before others have their turn, in milliseconds. */
const TURN_MS = 5;

/**
 * Lets other requests be answered during long work. Call what this returns often. It returns a promise to wait for when
 * the turn is over, and else undefined.
 */
export function takeTurns(): () => Promise<void> | undefined {
  let end = performance.now() + TURN_MS;
  return () =>
    performance.now() < end
      ? undefined
      : setImmediate().then(() => {
          end = performance.now() + TURN_MS;
        });
}
