/**
 * Returns the path to go to after a log-in if it is one of this site, and `/` otherwise. Browsers read `\` as
 * `/`, drop tabs and line breaks, and resolve dots before they look for a host. So the path is resolved as a
 * browser would, and `/` replaces every path that two programs could read in different ways.
 */
export function localPath(next: unknown): string {
  if (typeof next !== 'string' || !next.startsWith('/') || next.length > MAX_LENGTH) return '/';
  if (/[\\\p{Cc}]|%(0[0-9a-f]|1[0-9a-f]|7f|5c)/iu.test(next)) return '/';
  const base = 'http://here.invalid';
  if (!URL.canParse(next, base)) return '/';
  const { origin, pathname, search, hash } = new URL(next, base);
  if (origin !== base || pathname.startsWith('//')) return '/';
  return pathname + search + hash;
}

/** Returns the path of a whole address, such as a Referer header holds, or `/` if it cannot be parsed. */
export function localPathFromUrl(url: string | undefined): string {
  // Parsing a non-ASCII host name takes time that grows with the square of its length.
  if (!url || url.length > 2 * MAX_LENGTH || !URL.canParse(url)) return '/';
  const { pathname, search } = new URL(url);
  return localPath(pathname + search);
}

const MAX_LENGTH = 2000;
