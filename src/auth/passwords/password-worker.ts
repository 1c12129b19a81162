import bcrypt from 'bcryptjs';
import type { WorkOrder } from './passwords.js';

/** Runs in a worker thread: makes a bcrypt hash, or compares with one. */
export default function work(order: WorkOrder): string | boolean {
  return 'hash' in order
    ? bcrypt.compareSync(order.material, order.hash)
    : bcrypt.hashSync(order.material, order.cost);
}
