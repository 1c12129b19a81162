import type { RequestHandler } from 'express';
import type { Redis } from 'ioredis';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  type RateLimiterRes,
} from 'rate-limiter-flexible';
import { clearCookie, readCookie } from './cookies.js';
import { Problem } from './problem.js';

/** So many tries in so many seconds. */
export interface Allowance {
  name: string;
  points: number;
  duration: number;
  /** Whether tries are counted in this process while Redis is away, as they are unless told otherwise. */
  insured?: boolean;
}

/**
 * Counts tries in Redis, where all processes see them; without Redis, in this process.
 * @param prefix keeps the keys of different installations on one Redis apart
 */
export function createLimiter(
  redis: Redis | undefined,
  prefix: string,
  allowance: Allowance,
): RateLimiterAbstract {
  const { name, points, duration, insured = true } = allowance;
  const memory = new RateLimiterMemory({ keyPrefix: name, points, duration });
  if (!redis) return memory;
  const keyPrefix = `${prefix}limit:${name}`;
  const insurance = insured ? { insuranceLimiter: memory } : {};
  return new RateLimiterRedis({ storeClient: redis, keyPrefix, points, duration, ...insurance });
}

/** Counts a try, whatever the allowance. @returns how many there have been */
export async function count(limiter: RateLimiterAbstract, key: string): Promise<number> {
  return (await limiter.penalty(key)).consumedPoints;
}

/**
 * Looks at an allowance and takes nothing from it.
 * @param factor how many times the usual allowance there is
 * @throws Problem 429 that says when to try again, when there is none left
 */
export async function refuseSpent(limiter: RateLimiterAbstract, key: string, factor: number): Promise<void> {
  const spent = await limiter.get(key);
  if (spent && spent.consumedPoints >= limiter.points * factor) throw tooOften(spent);
}

/**
 * Takes one try from an allowance.
 * @param factor how many times the usual allowance there is; it allows one try at least
 * @throws Problem 429 that says when to try again, once there is none left
 */
export async function spend(limiter: RateLimiterAbstract, key: string, factor: number): Promise<void> {
  // The library's own consume() has one allowance for everybody.
  const spent = await limiter.penalty(key);
  if (spent.consumedPoints > Math.ceil(limiter.points * factor)) throw tooOften(spent);
}

/** Slows down whoever offers session cookies that stand for no session: somebody may be guessing. */
export function limitGuesses(limiter: RateLimiterAbstract): RequestHandler {
  return async (req, res, next) => {
    if (req.session && req.session.userId === undefined && readCookie(req, 'thinga') !== undefined) {
      // An honest browser stops offering it.
      clearCookie(res, 'thinga');
      const { key, factor } = res.locals.network;
      await spend(limiter, key, factor);
    }
    next();
  };
}

function tooOften({ msBeforeNext }: RateLimiterRes): Problem {
  const retryAfter = Math.max(Math.ceil(msBeforeNext / 1000), 1);
  return new Problem(429, 'That was a little too often', `Please try again in ${inWords(retryAfter)}.`, {
    retryAfter,
  });
}

function inWords(seconds: number): string {
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
