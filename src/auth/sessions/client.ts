import type { Request } from 'express';
import { clientAddress } from '../../http/client-address.js';
import { describeDevice } from './fingerprint.js';

/** The browser that sends a request. */
export interface Client {
  userAgent: string | undefined;
  /** Browser and system, such as "Firefox on Linux". */
  device: string;
  address: string;
}

/** Reads the client of a request. The record stores its device and address, never a header as it was sent. */
export function readClient(req: Request): Client {
  const userAgent = req.get('User-Agent');
  return { userAgent, device: describeDevice(userAgent), address: clientAddress(req) };
}
