import { createHmac } from 'node:crypto';
import type { RequestHandler } from 'express';
import { LRUCache } from 'lru-cache';
import { isWithin, networkOf, parseSubnet, wideNetworkOf } from '../addresses.js';
import type { Config } from '../config.js';
import { clientAddress } from './client-address.js';

/** The network that a request comes from, for limits. */
export interface Network {
  /** An IPv4 address, an IPv6 /64 or `unknown`. */
  key: string;
  /** Multiplies the limits that all visitors of the network share. */
  factor: number;
}

declare global {
  namespace Express {
    interface Locals {
      network: Network;
    }
  }
}

/** A school, an office or a room full of voters has this many times the limits of a household. */
export const CROWD_FACTOR = 20;

/** Sets `res.locals.network` to the network that a request comes from. */
export function findNetwork({
  rateLimits,
  trustedNetworks,
}: Pick<Config, 'rateLimits' | 'trustedNetworks'>): RequestHandler {
  const trusted = trustedNetworks.flatMap((text) => parseSubnet(text) ?? []);
  // Without rate limits, the limits on password attempts still hold.
  const usualFactor = rateLimits || 1;
  // Most requests come from an address that was seen before.
  const networks = new LRUCache<string, Network>({ max: 500 });
  return (req, res, next) => {
    const address = clientAddress(req);
    let network = networks.get(address);
    if (!network) {
      const factor = isWithin(trusted, address) ? usualFactor * CROWD_FACTOR : usualFactor;
      network = { key: networkOf(address), factor };
      networks.set(address, network);
    }
    res.locals.network = network;
    next();
  };
}

/** The groups of a new voter, for `voters.network_group` and `voters.wide_group`. */
export interface NetworkGroups {
  networkGroup: string;
  /** Null for an address that is no IPv6. */
  wideGroup: string | null;
}

/**
 * Returns keyed hashes of the networks that a request comes from: an IPv4 address or an IPv6 /64, and an IPv6 /48. One
 * customer can have a whole /48, and then each of its 65,536 /64 would be a stranger to the others.
 */
export function networkGroups(network: Pick<Network, 'key'>, secret: string): NetworkGroups {
  const wide = wideNetworkOf(network.key);
  return {
    networkGroup: networkGroup(network, secret),
    wideGroup: wide === undefined ? null : networkGroup({ key: wide }, secret),
  };
}

/**
 * Returns a keyed hash of a network, 64 hex characters. It shows which votes come from one network, and does
 * not reveal the network. Another secret gives other hashes.
 */
export function networkGroup({ key }: Pick<Network, 'key'>, secret: string): string {
  return createHmac('sha256', secret).update(`thinga network group\n${key}`).digest('hex');
}
