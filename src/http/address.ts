import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import { canonicalAddress } from '../addresses.js';

/**
 * The address that a request comes from, without zone and port. Behind a proxy Express takes any text that
 * `X-Forwarded-For` holds for one, so what is no address is `unknown`.
 * @returns IPv4 (also for IPv4 written as IPv6), IPv6 as RFC 5952 writes it, or `unknown`
 */
export function clientAddress({ ip = '' }: Request): string {
  const address = known.get(ip) ?? canonicalAddress(ip);
  known.set(ip, address);
  return address;
}

// Each request asks several times, and to read an address takes longer than to remember it.
const known = new LRUCache<string, string>({ max: 500 });
