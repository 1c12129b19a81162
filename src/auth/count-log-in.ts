import { Problem } from '../http/problem.js';
import { logIns } from '../metrics.js';

/**
 * Counts a log-in by how it ends, and returns what it returns.
 * @param attempt gives an account, why the account opens nothing, or undefined for a refusal
 * @throws Error what the attempt throws
 */
export async function countLogIn<Result extends object | undefined>(
  method: 'password' | 'passkey',
  attempt: Promise<Result>,
): Promise<Result> {
  try {
    const result = await attempt;
    const outcome = result === undefined ? 'refused' : 'barred' in result ? 'barred' : 'accepted';
    logIns.inc({ method, outcome });
    return result;
  } catch (error) {
    const isThrottled = error instanceof Problem && error.status === 429;
    logIns.inc({ method, outcome: isThrottled ? 'throttled' : 'failed' });
    throw error;
  }
}
