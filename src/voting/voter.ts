import type { Request, RequestHandler, Response } from 'express';
import { readGuest } from '../auth/guest-cookie.js';
import { requireUser } from '../auth/sessions/current-user.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Board } from '../ranking/boards/board.js';
import { trackOf } from '../ranking/boards/track.js';
import { guestExists } from './guests.js';
import type { Hall } from './hall.js';
import type { Queues } from './queue.js';

/** A member or a guest who votes. */
export interface Voter {
  /** The id among the voters; `NEW_GUEST` for a guest who has not voted yet. */
  id: number;
  /** Whether it is someone without an account: a guest, or an invited voter. */
  isGuest: boolean;
  /** Tells the devices of guests who have not voted yet apart, as far as it can without a cookie. */
  device?: string;
}

/** The id of all guests who have not voted yet. The first vote makes a voter of a guest. */
export const NEW_GUEST = 0;

/** A voter in a topic, with all that is needed to select their pairs. */
export interface VoterContext {
  db: Database;
  queues: Queues;
  hall: Hall;
  /** The board of what the voter sees: the whole topic, or their track. */
  board: Board;
  voter: Voter;
  /** The ids of the things that are the voter's own work. They never see these. */
  own: ReadonlySet<number>;
  /** Whether the voter sees the ranking, so that a receipt may tell of it. */
  showsResults: boolean;
  /** Makes the draws unpredictable. */
  secret: string;
}

/** What a voter sees of a topic: the board of their track, and none of their own work. */
export function sightOf(board: Board, { id }: Pick<Voter, 'id'>): Pick<VoterContext, 'board' | 'own'> {
  const limits = board.limits.get(id);
  return {
    board: limits?.track === undefined ? board : trackOf(board, limits.track),
    own: limits?.own ?? NOTHING,
  };
}

const NOTHING: ReadonlySet<number> = new Set();

/** Whether a voter has pairs of their own. The guests of a public topic share the pairs of the day. */
export const hasOwnPairs = ({ voter, board }: Pick<VoterContext, 'voter' | 'board'>): boolean =>
  !voter.isGuest || board.topic.access !== 'public';

/** A guest who has not voted yet. */
export const newGuest = (req: Request, res: Response): Voter => ({
  id: NEW_GUEST,
  isGuest: true,
  device: `${res.locals.network.key} ${req.get('User-Agent')}`,
});

declare global {
  namespace Express {
    interface Locals {
      voter?: Voter;
    }
  }
}

/** The voter of a request. @throws Error on a route without `findVoter` */
export function voterOf({ locals: { voter } }: { locals: Express.Locals }): Voter {
  if (!voter) throw new Error('findVoter must come before a handler that needs the voter');
  return voter;
}

/**
 * Finds the voter of a request and puts it into `res.locals.voter`. A user whose session has ended is told
 * why, and does not vote as a guest.
 */
export function findVoter(db: Database, config: Config): RequestHandler {
  return async (req, res, next) => {
    const { user, endReason, sessionError } = res.locals;
    if (user) res.locals.voter = { id: user.id, isGuest: false };
    else if (endReason || sessionError) return void requireUser(req, res, next);
    else {
      const guestId = readGuest(req, config);
      const exists = guestId !== undefined && (await guestExists(db, guestId));
      res.locals.voter = exists ? { id: guestId, isGuest: true } : newGuest(req, res);
    }
    next();
  };
}
