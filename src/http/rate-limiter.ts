import type { RequestHandler } from 'express';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  type RateLimiterRes,
} from 'rate-limiter-flexible';
import type { Redis } from '../redis.js';
import { clearCookie, readCookie } from './cookies.js';
import { type Problem, TemporaryProblem } from './problem.js';

/**
 * The longest duration of a limit. Without Redis each counter has a timer in this process, and no timer can run
 * much longer.
 */
export const MAX_DURATION_S = 24 * 24 * 3600;

/** A limit: this many attempts in this many seconds. */
export interface RateLimit {
  name: string;
  /** Attempts. */
  points: number;
  /** Seconds. */
  duration: number;
  /** Whether this process counts attempts itself while Redis is unavailable; true by default. */
  insured?: boolean;
}

/**
 * Creates a limiter that counts attempts in Redis, where all processes see them. Without Redis it counts in
 * this process.
 * @param prefix separates the keys of different installations on one Redis
 */
export function createLimiter(
  redis: Redis | undefined,
  prefix: string,
  { name, points, duration, insured = true }: RateLimit,
): RateLimiterAbstract {
  const memory = new RateLimiterMemory({ keyPrefix: name, points, duration });
  if (!redis) return memory;
  const keyPrefix = `${prefix}limit:${name}`;
  const insurance = insured ? { insuranceLimiter: memory } : {};
  return new RateLimiterRedis({ storeClient: redis, keyPrefix, points, duration, ...insurance });
}

/** Counts an attempt and never refuses it. @returns the number of attempts so far */
export async function countAttempt(limiter: RateLimiterAbstract, key: string): Promise<number> {
  return (await limiter.penalty(key)).consumedPoints;
}

/**
 * Refuses when no attempt is left. It does not count an attempt.
 * @param factor multiplies the limit
 * @throws Problem 429 that says when to try again
 */
export async function refuseExhausted(
  limiter: RateLimiterAbstract,
  key: string,
  factor: number,
): Promise<void> {
  const used = await limiter.get(key);
  if (used && used.consumedPoints >= limiter.points * factor) throw tooManyAttempts(used);
}

/**
 * Counts an attempt, and refuses it when it is beyond the limit.
 * @param factor multiplies the limit; at least one attempt is always allowed
 * @throws Problem 429 that says when to try again
 */
export async function consume(limiter: RateLimiterAbstract, key: string, factor: number): Promise<void> {
  // The library's own consume() has the same limit for every key.
  const used = await limiter.penalty(key);
  if (used.consumedPoints > Math.ceil(limiter.points * factor)) throw tooManyAttempts(used);
}

/**
 * Limits requests with a session cookie that belongs to no session: the sender may be guessing session ids.
 */
export function limitSessionGuesses(limiter: RateLimiterAbstract): RequestHandler {
  return async (req, res, next) => {
    if (req.session && req.session.userId === undefined && readCookie(req, 'thinga') !== undefined) {
      // An honest browser then stops sending it.
      clearCookie(res, 'thinga');
      const { key, factor } = res.locals.network;
      await consume(limiter, key, factor);
    }
    next();
  };
}

function tooManyAttempts({ msBeforeNext }: RateLimiterRes): Problem {
  const retryAfter = Math.max(Math.ceil(msBeforeNext / 1000), 1);
  return new TemporaryProblem({
    status: 429,
    title: 'You’re doing that too often',
    message: `Please try again in ${formatWait(retryAfter)}.`,
    retryAfter,
  });
}

function formatWait(seconds: number): string {
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
