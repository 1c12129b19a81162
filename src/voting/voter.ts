import type { RequestHandler } from 'express';
import { requireUser } from '../auth/sessions/current-user.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { findGuest, readGuest } from './guests.js';

/** Who votes: a member, or a guest. */
export interface Voter {
  /** Among the voters; `NEW_GUEST` for a guest who has not voted yet. */
  id: number;
  isGuest: boolean;
}

/** Stands for all guests who have not voted yet: they are voters with their first vote. */
export const NEW_GUEST = 0;

declare global {
  namespace Express {
    interface Locals {
      voter?: Voter;
    }
  }
}

/** Who votes. @throws Error on a route that did not find out */
export function voterOf({ locals: { voter } }: { locals: Express.Locals }): Voter {
  if (!voter) throw new Error('findVoter comes before what a voter does');
  return voter;
}

/**
 * Finds out who votes and puts them into `res.locals.voter`. Those who were logged in until now are told why they no
 * longer are, and are not taken for guests.
 */
export function findVoter(db: Database, config: Config): RequestHandler {
  return async (req, res, next) => {
    const { user, endReason, unknownBecause } = res.locals;
    if (user) res.locals.voter = { id: user.id, isGuest: false };
    else if (endReason || unknownBecause) return void requireUser(req, res, next);
    else {
      const guest = readGuest(req, config);
      const isThere = guest !== undefined && (await findGuest(db, guest));
      res.locals.voter = { id: isThere ? guest : NEW_GUEST, isGuest: true };
    }
    next();
  };
}
