import type { Request } from 'express';
import type { Network } from '../http/network.js';
import { checkPasskey, type PasskeyOwner } from './passkeys/check-passkey.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { signIn } from './sessions/sign-in.js';

/**
 * Logs a user in by a passkey, whose answer also says who they are. Waits after wrong passwords don't matter here.
 * @param attempt.response the browser's answer as JSON
 * @returns the account; undefined when the log-in is refused, for whatever reason
 * @throws Problem 429 for a network with too many failures, and 503 when Redis is unavailable
 */
export async function logInWithPasskey(
  { db, config, store, throttle }: AuthServices,
  req: Request,
  { response, remembered, network }: { response: string; remembered: boolean; network: Network },
): Promise<PasskeyOwner | undefined> {
  await throttle.checkNetwork(network);
  const owner = await checkPasskey({ db, config }, { response, scope: 'log-in', client: readClient(req) });
  const ended = owner && (await signIn(req, { db, config }, { ...owner, remembered, by: 'passkey' }));
  if (owner && ended) {
    await store.deleteByHash(ended);
    await throttle.recordSuccess({ username: owner.username, device: undefined });
    return owner;
  }
  await throttle.countNetwork({ network });
  return undefined;
}
