import { createHmac, timingSafeEqual } from 'node:crypto';
import Bowser from 'bowser';

/**
 * Readable browser and system, such as "Firefox on Linux", for people to recognise their own devices. What else a
 * request calls itself is not shown: it would be a stranger's words on somebody's page.
 */
export function describeDevice(userAgent: string | undefined): string {
  const { browser, system } = families(userAgent);
  return `${browsers.has(browser) ? browser : UNKNOWN.browser} on ${systems.has(system) ? system : UNKNOWN.system}`;
}

/**
 * The fingerprint that ties a session to a browser: a keyed hash of browser family and system family, which
 * stay the same between a page load and an htmx request and over browser updates. Never the version, the
 * languages or the address: those change under an honest person's hands.
 * @returns 64 hex characters
 */
export function fingerprint(userAgent: string | undefined, secret: string): string {
  const { browser, system } = families(userAgent);
  return createHmac('sha256', secret).update(`thinga fingerprint\n${browser}\n${system}`).digest('hex');
}

/** Whether a browser is the one a session was started with; secrets that were rotated out of first place count. */
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

// The last two are missing in Bowser's list.
const browsers = new Set([...Object.values(Bowser.BROWSER_MAP), 'Miui', 'Opera Touch']);
const systems = new Set(Object.values(Bowser.OS_MAP));
const UNKNOWN = { browser: 'An unknown browser', system: 'an unknown system' };

interface Families {
  browser: string;
  system: string;
}

// The same few hundred agents come again and again, twice a request.
const known = new Map<string, Families>();

function families(userAgent: string | undefined): Families {
  const agent = userAgent?.slice(0, 512) || 'unknown';
  const cached = known.get(agent);
  if (cached) return cached;
  const parser = Bowser.getParser(agent, true);
  const read = {
    browser: plain(parser.getBrowserName()) || UNKNOWN.browser,
    system: plain(parser.getOSName()) || UNKNOWN.system,
  };
  if (known.size >= 1_000) known.clear();
  known.set(agent, read);
  return read;
}

// Of a browser it does not know Bowser takes the name from the header as it stands, version and all.
function plain(name: string): string {
  return (
    name
      .split('/')[0]
      ?.replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, 40) ?? ''
  );
}
