import { z } from 'zod';
import { parseSubnet } from './addresses.js';
import { parseRedisUrl } from './redis-url.js';

// The kinds of values that a setting can have. A message continues the sentence that starts with the setting's name.

/** A whole number within a range. */
export const integer = (least: number, most: number) =>
  z
    .string()
    .refine((text) => Number.isInteger(Number(text)) && Number(text) >= least && Number(text) <= most, {
      error: ({ input }) => `is "${input}", not a whole number from ${least} to ${most}.`,
    })
    .transform(Number);

/** One of some words. */
export const oneOf = <const Choices extends [string, ...string[]]>(...choices: Choices) =>
  z.enum(choices, { error: ({ input }) => `is "${input}", not one of ${choices.join(', ')}.` });

/** The address of a server. It may hold a password, so the message doesn't repeat it. */
export const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `is not an address that starts with ${protocols.join('// or ')}//`,
  });

/** The address of Redis, in one of the forms that {@link parseRedisUrl} reads. */
export const redisUrl = z.string().refine((text) => parseRedisUrl(text) !== undefined, {
  error:
    'is not an address: redis://host:port, redis+sentinel://host:port,host:port/NAME or ' +
    'redis+cluster://host:port,host:port, each also with rediss for TLS',
});

/** Texts with commas between them. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** The scheme, host and port of a site, without a path: `https://thinga.example`. */
export const origin = z
  .string()
  .refine(isOrigin, {
    error: ({ input }) => `holds "${input}", which is not an origin such as https://thinga.example`,
    abort: true,
  })
  .transform((text) => new URL(text).origin);

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && pathname === '/' && !search && !hash;
}

/** An address, or a subnet such as `198.51.100.0/24`. */
export const subnet = z.string().refine((text) => parseSubnet(text) !== undefined, {
  error: ({ input }) => `holds "${input}": give addresses and subnets, 198.51.100.0/24`,
});

/** A key that nobody can guess: 32 characters or more, and not the sample from the documentation. */
export const secret = z
  .string()
  .min(32, { error: 'is shorter than 32 characters.' })
  .refine((text) => new Set(text).size >= 12, { error: 'has too little variety to be random.' })
  .refine((text) => !/change.?me|example|secret/i.test(text), {
    error: 'is the sample value: make one with `openssl rand -base64 48`.',
  });

/** How to reach somebody: an e-mail address, or the address of a page. */
export const contact = z.union([z.email(), z.url({ protocol: /^https?$/ })], {
  error: ({ input }) =>
    `is "${input}", not an e-mail address or the address of a page that starts with https://`,
});

/** Whether a text is an e-mail address, or the address of a page that starts with https:// or http://. */
export const isContact = (text: string): boolean => contact.safeParse(text).success;

/** A factor above 0 on the usual limits; `on` is 1, and `off` is false. */
export const rateLimits = z.union(
  [
    z.literal('on').transform(() => 1),
    z.literal('off').transform(() => false as const),
    z
      .string()
      .regex(/^\d{1,6}(\.\d{1,6})?$/)
      .refine((text) => Number(text) > 0, { abort: true })
      .transform(Number),
  ],
  { error: ({ input }) => `is "${input}", not on, off or a factor such as 20.` },
);

// Express knows these subnets by name.
const SUBNET_NAMES = ['loopback', 'linklocal', 'uniquelocal'];

const proxy = z.string().refine((text) => SUBNET_NAMES.includes(text) || parseSubnet(text) !== undefined, {
  error: ({ input }) =>
    input === 'true'
      ? 'is true, which believes any visitor: give a number of hops or addresses.'
      : `holds "${input}": give a number of hops, or addresses and subnets.`,
});

const hops = z.number().max(10, {
  error: ({ input }) => `is ${input}, which believes almost any visitor: give the real number of hops.`,
});

/** The proxies that are believed: their number (0 to 10), or their addresses and subnets. */
export const proxies = z
  .string()
  .transform((text) => (/^\d{1,3}$/.test(text) ? Number(text) : list.parse(text)))
  .pipe(z.union([hops, z.array(proxy)]))
  .transform((believed) => (Array.isArray(believed) && believed.length === 0 ? 0 : believed));
