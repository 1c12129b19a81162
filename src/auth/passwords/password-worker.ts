import bcrypt from 'bcryptjs';
import type { HashTask } from './passwords.js';

/** Runs in a worker thread: makes a bcrypt hash, or compares a password with one. */
export default function run(task: HashTask): string | boolean {
  return 'hash' in task
    ? bcrypt.compareSync(task.prehash, task.hash)
    : bcrypt.hashSync(task.prehash, task.cost);
}
