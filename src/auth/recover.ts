import type { Request } from 'express';
import type { Network } from '../http/network.js';
import { checkRecoveryCode, type ResetAccount, resetByCode } from './recovery/reset-password.js';
import type { AuthServices } from './services.js';
import { readClient } from './sessions/client.js';
import { recordRefusal } from './sessions/refused-attempt.js';

/**
 * Sets a new password by name and recovery code. It counts and records the attempts that fail, apart from those to
 * log in. The right code is never kept waiting: nobody can guess its 140 bits, and a stranger who sends wrong ones must
 * not close the last way back. So only a network with many failures has to wait.
 * @param attempt.password a password that may be used
 * @returns the account; undefined when it is refused, for whatever reason
 * @throws Problem 429 for a network with too many failures, and 503 when too many passwords wait or Redis is
 * unavailable
 */
export async function recover(
  { db, passwords, recoveryThrottle: throttle }: AuthServices,
  req: Request,
  { username, code, password, network }: RecoveryAttempt,
): Promise<ResetAccount | undefined> {
  await throttle.checkNetwork(network);
  const found = await checkRecoveryCode(db, { username, code });
  const attempt = { username, network, device: undefined };
  const client = readClient(req);
  // Hashed in any case, so that the response time tells nothing.
  const passwordHash = await passwords.forNetwork(network).hash(password);
  if (found.accepted && found.userId !== undefined) {
    const account = await resetByCode(db, found.userId, { code, passwordHash, client });
    if (account) {
      await throttle.recordSuccess(attempt);
      return account;
    }
  }
  // While the account would have to wait, only the first refusal is recorded: nobody may fill the record.
  const isAllowed = await throttle.isAllowed(attempt);
  const event = { kind: 'recovery', userId: found.userId ?? null, client } as const;
  await recordRefusal({ db, throttle }, { attempt, isAllowed, event });
  return undefined;
}

interface RecoveryAttempt {
  username: string;
  code: string;
  password: string;
  network: Network;
}
