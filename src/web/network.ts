import type { RequestHandler } from 'express';
import { clientAddress, networkOf } from './address.js';

/** Where a request comes from, as far as limits go. */
export interface Network {
  /** An IPv4 address, an IPv6 network or `unknown`. */
  key: string;
}

declare global {
  namespace Express {
    interface Locals {
      network: Network;
    }
  }
}

/** Notes the network that a request comes from. */
export const findNetwork: RequestHandler = (req, res, next) => {
  res.locals.network = { key: networkOf(clientAddress(req)) };
  next();
};
