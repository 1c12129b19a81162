import type { Request, Response } from 'express';
import { readCookie, setCookie } from '../http/cookies.js';
import { isSeed, newSeed } from '../tokens.js';

/** How long new links are shown to the one who made them, in minutes. After that nobody can see them. */
export const FRESH_MINUTES = 10;

/** Makes the seed for new links, and keeps it in this browser alone. */
export function startFreshLinks(res: Response): string {
  const seed = newSeed();
  setCookie(res, 'links', { value: seed, maxAge: FRESH_MINUTES * 60_000 });
  return seed;
}

/** The seed of the links that this browser has just made; undefined when there is none. */
export function readFreshSeed(req: Request): string | undefined {
  const seed = readCookie(req, 'links');
  return isSeed(seed) ? seed : undefined;
}
