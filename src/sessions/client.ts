import type { Request } from 'express';
import { describeDevice } from './fingerprint.js';
import type { Client } from './sessions.js';

/** Who a request comes from, in the words of the record; control characters in headers do not get there. */
export function readClient(req: Request): Client {
  const userAgent = req.get('User-Agent');
  return { userAgent, device: describeDevice(userAgent), address: req.ip ?? 'unknown' };
}
