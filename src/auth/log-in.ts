import type { Request } from 'express';
import type { Network } from '../http/network.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { knownDevice } from './sessions/device-cookie.js';
import type { Barred } from './sessions/end-reasons.js';
import { recordRefusal } from './sessions/refused-attempt.js';
import { signIn } from './sessions/sign-in.js';
import { type Account, authenticate, type Credentials } from './users/users.js';

/**
 * Logs a user in by name and password. It counts and records the attempts that fail.
 * @returns the account; why the right password opens nothing; undefined when the log-in is refused for any other reason
 * @throws Problem 429 for a network with too many failures, and 503 when too many passwords wait or Redis is
 * unavailable
 */
export async function logIn(
  { db, config, passwords, store, throttle }: AuthServices,
  req: Request,
  { username, password, remembered, network }: Credentials & { remembered: boolean; network: Network },
): Promise<Account | { barred: Barred } | undefined> {
  await throttle.checkNetwork(network);
  // The password is checked even when the attempt is not allowed, so that the response time tells nothing.
  const user = await authenticate(db, passwords.forNetwork(network), { username, password });
  const attempt = { username, network, device: knownDevice(req, user, config) };
  const isAllowed = await throttle.isAllowed(attempt);
  if (user.accepted && isAllowed) {
    const ended = await signIn(req, { db, config }, { ...user, remembered });
    if (ended) {
      await store.deleteByHash(ended);
      await throttle.recordSuccess(attempt);
      return { userId: user.userId, passwordHash: user.passwordHash };
    }
  }
  const event = { kind: 'login', userId: user.userId ?? null, client: readClient(req) } as const;
  await recordRefusal({ db, throttle }, { attempt, isAllowed, event });
  if (isAllowed && user.barred) return { barred: user.barred };
  return undefined;
}
