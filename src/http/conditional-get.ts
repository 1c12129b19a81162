import type { Response } from 'express';

/**
 * Sets the ETag of an answer, and answers 304 when the browser already has that state. Repeated requests then
 * cost next to nothing. Only for answers that are the same for everyone.
 * @param state letters, digits and hyphens
 * @returns whether it has answered
 */
export function sendNotModified(res: Response, state: string): boolean {
  const tag = entityTag(state);
  res.setHeader('ETag', tag);
  res.vary('HX-Request-Type');
  if (!res.getHeader('Cache-Control')) res.setHeader('Cache-Control', 'private, no-cache');
  // Browsers add Cache-Control: no-cache when a script sets If-None-Match. Express's own comparison would
  // then never answer 304.
  const knownTags = (res.req.get('If-None-Match') ?? '').split(',');
  if (!knownTags.some((known) => known.trim() === tag)) return false;
  res.status(304).end();
  return true;
}

/** Returns a state as a weak ETag: it identifies what is shown, not the bytes. */
export const entityTag = (state: string): string => `W/"${state}"`;
