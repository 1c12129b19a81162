import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import { canonicalAddress } from '../addresses.js';

/**
 * Returns the address that a request comes from, without zone and port. Behind a proxy, Express accepts any
 * text in `X-Forwarded-For` as an address. Text that is no address becomes `unknown`.
 * @returns IPv4 (also for IPv4 written as IPv6), IPv6 as RFC 5952 writes it, or `unknown`
 */
export function clientAddress({ ip = '' }: Request): string {
  const address = cache.get(ip) ?? canonicalAddress(ip);
  cache.set(ip, address);
  return address;
}

// Each request asks several times, and parsing an address takes longer than a lookup.
const cache = new LRUCache<string, string>({ max: 500 });
