/**
 * The path to go to after a log-in, when it is one of this site; otherwise `/`.
 * Browsers read `\` as `/`, drop tabs and line breaks, and resolve dots before they look for a host, so the
 * path is taken as they would resolve it, and anything that could be read in two ways is refused.
 */
export function localPath(next: unknown): string {
  if (typeof next !== 'string' || !next.startsWith('/') || next.length > LONGEST) return '/';
  if (/[\\\p{Cc}]|%(0[0-9a-f]|1[0-9a-f]|7f|5c)/iu.test(next)) return '/';
  const base = 'http://here.invalid';
  if (!URL.canParse(next, base)) return '/';
  const { origin, pathname, search, hash } = new URL(next, base);
  if (origin !== base || pathname.startsWith('//')) return '/';
  return pathname + search + hash;
}

/** The path of a page by its whole address, as a Referer header gives it; `/` when it can't be read. */
export function localPathOf(address: string | undefined): string {
  // To read a foreign host name takes the square of its length.
  if (!address || address.length > 2 * LONGEST || !URL.canParse(address)) return '/';
  const { pathname, search } = new URL(address);
  return localPath(pathname + search);
}

const LONGEST = 2000;
