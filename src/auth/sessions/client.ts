import type { Request } from 'express';
import { clientAddress } from '../../http/address.js';
import { describeDevice } from './fingerprint.js';
import type { Client } from './sessions.js';

/** Who a request comes from. The record keeps no header as it was sent: only the device and the address it means. */
export function readClient(req: Request): Client {
  const userAgent = req.get('User-Agent');
  return { userAgent, device: describeDevice(userAgent), address: clientAddress(req) };
}
