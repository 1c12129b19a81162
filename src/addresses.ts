import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Replaces text that is no address. */
export const UNKNOWN = 'unknown';

/** A range of addresses: those that start with the first `bits` bits of `address`. */
interface Subnet {
  address: ipaddr.IPv4 | ipaddr.IPv6;
  bits: number;
}

/**
 * Writes an address in its canonical form, without zone and port.
 * @returns IPv4 (also for IPv4 written as IPv6), IPv6 as RFC 5952 writes it, or {@link UNKNOWN} for other
 * text
 */
export function canonicalAddress(ip: string): string {
  // Some proxies add the port: 192.0.2.1:4711 and [2001:db8::1]:4711.
  const withPort = /^\[([^\]]+)\](?::\d+)?$/.exec(ip) ?? /^([\d.]+):\d+$/.exec(ip);
  const [bare = ''] = (withPort?.[1] ?? ip).split('%');
  const address = parse(bare);
  if (!address) return UNKNOWN;
  // The library shortens the first run of zeros in an IPv6 address; RFC 5952 and URLs shorten the longest.
  return address.kind() === 'ipv4'
    ? address.toString()
    : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/**
 * Returns the network of an address, for limits.
 * @param address from {@link canonicalAddress}
 * @returns the IPv4 address, the /64 that one IPv6 customer has, or `unknown`
 */
export function networkOf(address: string): string {
  const parsed = parse(address);
  if (!(parsed instanceof ipaddr.IPv6)) return address;
  const groups = parsed.parts.slice(0, 4).map((group) => group.toString(16));
  return `${groups.join(':')}::/64`;
}

/**
 * Returns the /48 of an IPv6 network, for groups of voters.
 * @param network from {@link networkOf}
 * @returns undefined for any other network
 */
export function wideNetworkOf(network: string): string | undefined {
  const [one, two, three] = network.endsWith('::/64') ? network.split(':') : [];
  return one && two && three ? `${one}:${two}:${three}::/48` : undefined;
}

/** Tells whether an address from {@link canonicalAddress} is in one of the subnets. */
export function isWithin(subnets: Subnet[], address: string): boolean {
  const parsed = parse(address);
  return subnets.some(({ address: subnet, bits }) => {
    if (parsed instanceof ipaddr.IPv4) return subnet instanceof ipaddr.IPv4 && parsed.match(subnet, bits);
    return parsed !== undefined && subnet instanceof ipaddr.IPv6 && parsed.match(subnet, bits);
  });
}

/**
 * Parses an address, or a subnet such as `198.51.100.0/24` or `2001:db8::/48`.
 * @returns undefined for other text, and for a subnet of all addresses (`/0`)
 */
export function parseSubnet(text: string): Subnet | undefined {
  const [bare = '', bitsText, ...more] = text.split('/');
  const address = parse(bare);
  if (!address || more.length > 0) return undefined;
  const maxBits = address.kind() === 'ipv4' ? 32 : 128;
  const bits = bitsText === undefined ? maxBits : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : 0;
  return bits >= 1 && bits <= maxBits ? { address, bits } : undefined;
}

// The library alone also accepts 5 and 010.0.0.1 as addresses.
function parse(text: string): Subnet['address'] | undefined {
  return isIP(text) && ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}
