import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import type { Passwords } from '../passwords/passwords.js';
import { authenticate, type Registration, register } from './users.js';

const DEMO = 'demo';

/** Makes the log-in that a development start prints, unless it is there. Production gets none. */
export async function makeDemoLogIn(
  db: Database,
  passwords: Passwords,
  { demoPassword }: Config,
): Promise<void> {
  if (demoPassword) await register(db, passwords, { username: DEMO, password: demoPassword });
}

/** The demo log-in, if it works on this database with the password that this machine keeps for it. */
export async function findDemoLogIn(
  db: Database,
  passwords: Passwords,
  { demoPassword }: Config,
): Promise<Registration | undefined> {
  if (!demoPassword) return undefined;
  const demo = { username: DEMO, password: demoPassword };
  return (await authenticate(db, passwords, demo)).accepted ? demo : undefined;
}
