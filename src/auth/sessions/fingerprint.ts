import { createHmac, timingSafeEqual } from 'node:crypto';
import Bowser from 'bowser';

/**
 * Describes the browser and system of a request, such as "Firefox on Linux", so that users recognise their
 * devices. Names that are not in Bowser's list are not shown, because a stranger could write anything there.
 */
export function describeDevice(userAgent: string | undefined): string {
  const { browser, system } = readFamilies(userAgent);
  return `${browsers.has(browser) ? browser : UNKNOWN.browser} on ${systems.has(system) ? system : UNKNOWN.system}`;
}

/**
 * The fingerprint that ties a session to a browser: a keyed hash of the browser family and the system family.
 * Both stay the same between a page load and an htmx request, and after a browser update. Version, languages
 * and address are left out, because they change for honest users too.
 * @returns 64 hex characters
 */
export function fingerprint(userAgent: string | undefined, secret: string): string {
  const { browser, system, fingerprints } = readFamilies(userAgent);
  const known = fingerprints.get(secret);
  if (known) return known;
  const text = `thinga fingerprint\n${browser}\n${system}`;
  const computed = createHmac('sha256', secret).update(text).digest('hex');
  fingerprints.set(secret, computed);
  return computed;
}

/** Whether a fingerprint is of this browser. Fingerprints keyed with an older secret count too. */
export function matchesFingerprint(
  recorded: string,
  userAgent: string | undefined,
  secrets: string[],
): boolean {
  const expected = Buffer.from(recorded, 'hex');
  return secrets.some((secret) =>
    timingSafeEqual(Buffer.from(fingerprint(userAgent, secret), 'hex'), expected),
  );
}

// Bowser's list lacks the last two, although Bowser finds them.
const browsers = new Set([...Object.values(Bowser.BROWSER_MAP), 'Miui', 'Opera Touch']);
const systems = new Set(Object.values(Bowser.OS_MAP));
const UNKNOWN = { browser: 'An unknown browser', system: 'an unknown system' };

interface Families {
  browser: string;
  system: string;
  /** The fingerprints that were computed so far, by their secret. */
  fingerprints: Map<string, string>;
}

// Each request asks at least twice, and most requests send one of a few hundred headers.
const cache = new Map<string, Families>();

function readFamilies(userAgent: string | undefined): Families {
  const header = userAgent?.slice(0, 512) || 'unknown';
  const cached = cache.get(header);
  if (cached) return cached;
  const parser = Bowser.getParser(header, true);
  const families = {
    browser: cleanName(parser.getBrowserName()) || UNKNOWN.browser,
    system: cleanName(parser.getOSName()) || UNKNOWN.system,
    fingerprints: new Map<string, string>(),
  };
  if (cache.size >= 1_000) cache.clear();
  cache.set(header, families);
  return families;
}

// For a browser that it does not know, Bowser returns text from the header, with the version.
function cleanName(name: string): string {
  return (
    name
      .split('/')[0]
      ?.replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, 40) ?? ''
  );
}
