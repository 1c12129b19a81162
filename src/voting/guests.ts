import { hkdfSync } from 'node:crypto';
import { sign, unsign } from 'cookie-signature';
import type { Request, Response } from 'express';
import type { Config } from '../config.js';
import { type Database, isDatabaseAway } from '../database.js';
import type { Board } from '../ranking/board.js';
import { seededRandom } from '../rating/random.js';
import { clearCookie, readCookie, setCookie } from '../web/cookies.js';
import { type Ballot, signBallot } from './ballot.js';
import { BallotBox } from './ballot-box.js';
import type { Pair } from './pairs.js';
import type { Queues } from './queue.js';
import { readAnswer } from './voting.js';

/** Whom a ballot is made out to while its voter has not logged in. */
export const GUEST = 0;

/** How many pairs a visitor may answer before they register or log in. */
export const MOST_GUEST_VOTES = 20;

/** An answer that waits in the visitor's browser until it may count. */
export interface GuestVote {
  ballotId: string;
  topicId: number;
  leftId: number;
  rightId: number;
  choice: string;
}

/** Reads the votes that a visitor's browser keeps; none when there is no cookie, or it is not ours. */
export function readGuestVotes(req: Request, config: Config): GuestVote[] {
  const offered = readCookie(req, 'guest') ?? '';
  for (const secret of config.secrets) {
    const text = unsign(offered, keyOf(secret));
    if (text === false) continue;
    const rows = JSON.parse(Buffer.from(text, 'base64url').toString()) as GuestRow[];
    return rows.map(([ballotId, topicId, leftId, rightId, choice]) => ({
      ballotId,
      topicId,
      leftId,
      rightId,
      choice,
    }));
  }
  return [];
}

type GuestRow = [string, number, number, number, string];

/** Keeps a visitor's votes in their browser for 30 days, signed; without any, the cookie goes. */
export function keepGuestVotes(res: Response, votes: GuestVote[], config: Config): void {
  if (votes.length === 0) return void clearCookie(res, 'guest');
  const rows: GuestRow[] = votes.map(({ ballotId, topicId, leftId, rightId, choice }) => [
    ballotId,
    topicId,
    leftId,
    rightId,
    choice,
  ]);
  const text = Buffer.from(JSON.stringify(rows)).toString('base64url');
  setCookie(res, 'guest', { value: sign(text, keyOf(config.secrets[0])), maxAge: MONTH_MS });
}

/**
 * The pairs a visitor has yet to answer, in their order: answers are only taken on the first. All visitors get the same twenty
 * pairs of a topic on one day (UTC), in one order, drawn at random from all of them: whoever begins anew as somebody
 * else sees nothing else, and whoever wants to get past a pair has to skip it, which counts when they log in. Things
 * they say they don't know are passed over.
 * @param votes what they have answered already, in any topic
 * @returns none when they have answered them all, or twenty in all
 */
export function guestPairs(board: Board, votes: GuestVote[], secret: string, now = new Date()): Pair[] {
  if (votes.length >= MOST_GUEST_VOTES) return [];
  const answered = new Set(votes.map(pairKey));
  const unknown = new Set(votes.map(unknownIn));
  return deckOf(board, secret, now.toISOString().slice(0, 10)).filter(
    (pair) => !answered.has(pairKey(pair)) && !unknown.has(pair.leftId) && !unknown.has(pair.rightId),
  );
}

/** A pair with the ballot that lets any visitor answer it. */
export function offerToGuest(
  board: Board,
  pair: Pick<Ballot, 'leftId' | 'rightId' | 'strategy'>,
  config: Config,
) {
  const offer = { leftId: pair.leftId, rightId: pair.rightId, strategy: pair.strategy };
  return {
    left: board.find(pair.leftId),
    right: board.find(pair.rightId),
    ballot: signBallot({ topicId: board.topic.id, voter: GUEST, ...offer }, config.secrets[0]),
  };
}

/**
 * Writes the votes that waited in a browser into the ledger, now that it is known whose they are. Each counts once,
 * and not at all where this person had answered the pair before. While the database is away they go on waiting.
 * @returns how many of them count, or that there is nothing to say
 */
export async function countGuestVotes(
  req: Request,
  res: Response,
  { db, config, queues, voter }: { db: Database; config: Config; queues: Queues; voter: number },
): Promise<'all' | 'some' | 'none' | undefined> {
  const votes = readGuestVotes(req, config);
  if (votes.length === 0) return undefined;
  try {
    const counted = await castAll(db, voter, votes);
    for (const topicId of new Set(votes.map((vote) => vote.topicId))) await queues.markStale(voter, topicId);
    keepGuestVotes(res, [], config);
    return counted === votes.length ? 'all' : counted > 0 ? 'some' : 'none';
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    return undefined;
  }
}

async function castAll(db: Database, voter: number, votes: GuestVote[]): Promise<number> {
  const ballotBox = new BallotBox(db);
  const casts = votes.map(({ ballotId, choice, ...pair }) => {
    const answer = readAnswer(choice);
    const ballot = { ...pair, id: ballotId, voter, strategy: 'common', expires: 0 } as const;
    return answer && ballotBox.cast(ballot, answer);
  });
  return (await Promise.all(casts)).filter((cast) => cast?.status === 'cast').length;
}

const MONTH_MS = 30 * 24 * 3600 * 1000;

const keyOf = (secret: string): string =>
  Buffer.from(hkdfSync('sha256', secret, '', 'thinga guest votes 1', 32)).toString('base64url');

/** What a visitor said they don't know. */
function unknownIn({ choice, leftId, rightId }: GuestVote): number | undefined {
  const side = readAnswer(choice)?.unknown;
  return side === 'left' ? leftId : side === 'right' ? rightId : undefined;
}

/** What is the same for a pair whichever side its things are on. */
export const pairKey = ({ leftId, rightId }: { leftId: number; rightId: number }): string =>
  [leftId, rightId].sort((one, other) => one - other).join();

const decks = new Map<number, { drawnFor: string; deck: Pair[] }>();

function deckOf(board: Board, secret: string, day: string): Pair[] {
  const { topic, standings } = board;
  // Another thing in the place of one that was taken down is another deck.
  const things = standings.reduce((sum, { id }) => sum + id * id, 0);
  const drawnFor = `${secret} ${day} ${standings.length} ${things}`;
  const known = decks.get(topic.id);
  if (known?.drawnFor === drawnFor) return known.deck;
  const deck = drawDeck(board, secret, day);
  decks.set(topic.id, { drawnFor, deck });
  return deck;
}

function drawDeck({ topic, standings, size }: Board, secret: string, day: string): Pair[] {
  // In an order that does not move with the ranking, so that the pairs are the same all day.
  const ids = standings.map(({ id }) => id).sort((one, other) => one - other);
  const seed = Buffer.from(hkdfSync('sha256', secret, '', `thinga guest pairs 1 ${topic.id} ${day}`, 4));
  const random = seededRandom(seed.readUInt32LE());
  const deck = new Map<string, Pair>();
  const most = Math.min(MOST_GUEST_VOTES, (size * (size - 1)) / 2);
  while (deck.size < most) {
    const one = Math.floor(random() * size);
    const other = (one + 1 + Math.floor(random() * (size - 1))) % size;
    const pair = { leftId: ids[one] ?? 0, rightId: ids[other] ?? 0, strategy: 'explore' } as const;
    if (!deck.has(pairKey(pair))) deck.set(pairKey(pair), pair);
  }
  return [...deck.values()];
}
