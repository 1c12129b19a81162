import type { Request, Response } from 'express';
import { readGuest } from '../auth/guest-cookie.js';
import { phaseAt } from '../catalog/phase.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Board, Standing } from '../ranking/boards/board.js';
import { signBallot } from './ballot.js';
import { guestExists } from './guests.js';
import type { Hall } from './hall.js';
import type { Queues } from './queue.js';
import { newGuest, sightOf, type Voter } from './voter.js';
import { queueOf } from './voter-queue.js';

/** The services with which a page offers a pair. */
export interface OfferServices {
  db: Database;
  queues: Queues;
  hall: Hall;
  config: Config;
}

/** A pair to vote on right on a page that is not the pair page. */
export interface OfferedPair {
  left: Standing;
  right: Standing;
  /** Signed for the visitor. */
  ballot: string;
}

/** What a page offers to a voter. */
export interface Offer {
  /** The next pair; undefined when there is none, and while the topic takes no votes. */
  pair: OfferedPair | undefined;
  /** How many answers of the voter stand in the topic; 0 while it takes no votes. */
  answers: number;
}

/** The voter whom a visitor is. Somebody whose session has ended can read on, and is asked to log in when they vote. */
export async function voterOn(
  { db, config }: Pick<OfferServices, 'db' | 'config'>,
  req: Request,
  res: Response,
): Promise<Voter> {
  const { user } = res.locals;
  if (user) return { id: user.id, isGuest: false };
  const guestId = readGuest(req, config);
  const exists = guestId !== undefined && (await guestExists(db, guestId));
  return exists ? { id: guestId, isGuest: true } : newGuest(req, res);
}

/** Finds the next pair of a voter in a topic. Voters who walk from thing to thing get theirs on the pair page alone. */
export async function offerPair(
  { db, queues, hall, config }: OfferServices,
  board: Board,
  voter: Voter,
): Promise<Offer> {
  if (phaseAt(board.topic) !== 'open' || board.topic.inPerson) return { pair: undefined, answers: 0 };
  const [secret] = config.secrets;
  const { pairs, answers } = await queueOf({
    ...{ db, queues, hall, voter, secret, showsResults: true },
    ...sightOf(board, voter),
  });
  const [pair] = pairs;
  const [left, right] = [pair && board.find(pair.leftId), pair && board.find(pair.rightId)];
  if (!pair || !left || !right) return { pair: undefined, answers };
  const ballot = { topicId: board.topic.id, voterId: voter.id, isGuest: voter.isGuest, ...pair };
  return { pair: { left, right, ballot: signBallot(ballot, secret) }, answers };
}
