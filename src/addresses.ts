import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** What stands for an address that is none. */
export const UNKNOWN = 'unknown';

/** An address and how many of its first bits count. */
export interface Subnet {
  address: ipaddr.IPv4 | ipaddr.IPv6;
  bits: number;
}

/**
 * An address as text, without zone and port, or {@link UNKNOWN} for what is no address.
 * @returns IPv4 (also for IPv4 written as IPv6), IPv6 as RFC 5952 writes it, or `unknown`
 */
export function canonicalAddress(ip: string): string {
  // Some proxies add the port: 192.0.2.1:4711 and [2001:db8::1]:4711.
  const withPort = /^\[([^\]]+)\](?::\d+)?$/.exec(ip) ?? /^([\d.]+):\d+$/.exec(ip);
  const [bare = ''] = (withPort?.[1] ?? ip).split('%');
  const address = parse(bare);
  if (!address) return UNKNOWN;
  // The library shortens the first zeros of an IPv6 address; RFC 5952 and URLs shorten the most.
  return address.kind() === 'ipv4'
    ? address.toString()
    : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/**
 * The network that an address belongs to, as far as limits go.
 * @param address from {@link canonicalAddress}
 * @returns the IPv4 address, the /64 that one IPv6 customer has, or `unknown`
 */
export function networkOf(address: string): string {
  const parsed = parse(address);
  if (!(parsed instanceof ipaddr.IPv6)) return address;
  const groups = parsed.parts.slice(0, 4).map((group) => group.toString(16));
  return `${groups.join(':')}::/64`;
}

/** Whether an address from {@link canonicalAddress} lies in one of the subnets. */
export function isWithin(subnets: Subnet[], address: string): boolean {
  const parsed = parse(address);
  return subnets.some(({ address: subnet, bits }) => {
    if (parsed instanceof ipaddr.IPv4) return subnet instanceof ipaddr.IPv4 && parsed.match(subnet, bits);
    return parsed !== undefined && subnet instanceof ipaddr.IPv6 && parsed.match(subnet, bits);
  });
}

/**
 * Reads an address, or a subnet such as `198.51.100.0/24` or `2001:db8::/48`.
 * @returns undefined when it is neither, or a subnet of everybody (`/0`)
 */
export function parseSubnet(text: string): Subnet | undefined {
  const [bare = '', given, ...more] = text.split('/');
  const address = parse(bare);
  if (!address || more.length > 0) return undefined;
  const most = address.kind() === 'ipv4' ? 32 : 128;
  const bits = given === undefined ? most : /^\d{1,3}$/.test(given) ? Number(given) : 0;
  return bits >= 1 && bits <= most ? { address, bits } : undefined;
}

// The library alone takes 5 and 010.0.0.1 for addresses as well.
function parse(text: string): Subnet['address'] | undefined {
  return isIP(text) && ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}
