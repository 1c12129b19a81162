import type { Response } from 'express';

/**
 * Names the state that an answer shows, and answers 304 when the asker has just that, so that asking again and again
 * costs next to nothing. For answers that are the same for everybody.
 * @param state letters, digits and hyphens
 * @returns whether it has answered
 */
export function sendUnchanged(res: Response, state: string): boolean {
  const tag = entityTag(state);
  res.setHeader('ETag', tag);
  res.vary('HX-Request-Type');
  if (!res.getHeader('Cache-Control')) res.setHeader('Cache-Control', 'private, no-cache');
  // Not Express's own comparison: browsers add Cache-Control: no-cache when a script names the tag, and Express
  // then takes it that the person wants everything anew.
  const known = (res.req.get('If-None-Match') ?? '').split(',');
  if (!known.some((one) => one.trim() === tag)) return false;
  res.status(304).end();
  return true;
}

/** A state as an ETag: weak, as it names what is shown and not its bytes. */
export const entityTag = (state: string): string => `W/"${state}"`;
