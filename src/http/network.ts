import { createHmac } from 'node:crypto';
import type { RequestHandler } from 'express';
import { isWithin, networkOf, parseSubnet } from '../addresses.js';
import type { Config } from '../config.js';
import { clientAddress } from './address.js';

/** Where a request comes from, as far as limits go. */
export interface Network {
  /** An IPv4 address, an IPv6 network or `unknown`. */
  key: string;
  /** How many times the usual allowances everybody there has together. */
  factor: number;
}

declare global {
  namespace Express {
    interface Locals {
      network: Network;
    }
  }
}

/** A school or an office has so many times the allowances of a household. */
const TRUSTED_FACTOR = 20;

/** Finds out from which network a request comes, and how much is allowed there. */
export function findNetwork({
  rateLimits,
  trustedNetworks,
}: Pick<Config, 'rateLimits' | 'trustedNetworks'>): RequestHandler {
  const trusted = trustedNetworks.flatMap((text) => parseSubnet(text) ?? []);
  // Without rate limits, what guards passwords stays as it is.
  const usual = rateLimits || 1;
  return (req, res, next) => {
    const address = clientAddress(req);
    const factor = isWithin(trusted, address) ? usual * TRUSTED_FACTOR : usual;
    res.locals.network = { key: networkOf(address), factor };
    next();
  };
}

/**
 * Names a network without telling which it is, so that votes from one network can be looked at together: a keyed hash,
 * 64 hex characters. Another secret makes other groups.
 */
export function networkGroup({ key }: Pick<Network, 'key'>, secret: string): string {
  return createHmac('sha256', secret).update(`thinga network group\n${key}`).digest('hex');
}
