import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import type { Passwords } from '../passwords/passwords.js';
import { authenticate, type Credentials, register } from './users.js';

const DEMO = 'demo';

/** Creates the demo user for development, if there is none yet. In production there is no demo user. */
export async function createDemoUser(
  db: Database,
  passwords: Passwords,
  { demoPassword }: Config,
): Promise<void> {
  if (demoPassword) await register(db, passwords, { username: DEMO, password: demoPassword });
}

/** Finds the demo user's name and password; undefined when they don't work on this database. */
export async function findDemoCredentials(
  db: Database,
  passwords: Passwords,
  { demoPassword }: Config,
): Promise<Credentials | undefined> {
  if (!demoPassword) return undefined;
  const demo = { username: DEMO, password: demoPassword };
  return (await authenticate(db, passwords, demo)).accepted ? demo : undefined;
}
