import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board, Standing } from '../ranking/board.js';
import type { Ballot } from './ballot.js';
import { type Pair, randomFor } from './pairs.js';
import { haveSameThings, type Turn } from './turn.js';
import { type Answer, type Cast, castVote } from './voting.js';

/** A pair that somebody is shown because they asked for one with a certain thing, and what is said of it. */
export interface Asked {
  pair: Pair | undefined;
  text: string;
}

/**
 * A pair with a thing, against what an answer would tell most about it: the voter's own turn when that has the thing
 * in it, else one beside it. Asking again shows the same.
 * @param turn the pair the voter is being shown, which is what they get when there is none with the thing
 * @param secret what pairs are drawn with
 */
export async function askedPair(
  db: Database,
  board: Board,
  thing: Standing,
  voter: number,
  turn: Turn,
  secret: string,
): Promise<Asked> {
  const { id, name } = thing;
  if (turn.pair && [turn.pair.leftId, turn.pair.rightId].includes(id))
    return {
      pair: turn.pair,
      text: `Here is one with ${name}: the one whose turn it is.`,
    };
  if (turn.unknown.includes(id))
    return { pair: turn.pair, text: `You said that you don’t know ${name}, so it is not shown to you.` };
  const answered = await answeredWith(db, board, voter, id);
  // What comes next anyway counts more if it is waited for.
  const { ahead } = turn;
  const soon = ahead?.leftId === id ? [ahead.rightId] : ahead?.rightId === id ? [ahead.leftId] : [];
  const away = new Set([...answered, ...turn.unknown, ...soon]);
  const random = randomFor(`${voter} ${board.topic.id} with ${id} ${answered.length}`, secret);
  const isAway = (place: number): boolean => away.has(board.standings[place]?.id ?? 0);
  const place = board.selector.opponentOf(thing.rank - 1, random, isAway);
  const other = place === undefined ? undefined : board.standings[place];
  if (!other)
    return { pair: turn.pair, text: `There is no pair with ${name} left that you have not answered.` };
  const [leftId, rightId] = random() < 0.5 ? [id, other.id] : [other.id, id];
  const text = `Here is one with ${name}, as you asked. It counts in full for your own list, and only a little for everybody’s.`;
  return { pair: { leftId, rightId, strategy: 'asked' }, text };
}

/** Writes down an answer to a pair that was asked for; if its turn has come by now, as any other. */
export async function castAsked(db: Database, ballot: Ballot, answer: Answer, { pair }: Turn): Promise<Cast> {
  const isDue = pair !== undefined && haveSameThings(pair, ballot);
  return castVote(db, isDue ? { ...ballot, strategy: pair.strategy } : ballot, answer);
}

// The things that a voter has had beside a given one.
async function answeredWith(db: Database, board: Board, voter: number, thingId: number): Promise<number[]> {
  const { rows } = await sql<{ other: number }>`
    select case left_id when ${thingId} then right_id else left_id end as other from votes
    where voter_id = ${voter} and topic_id = ${board.topic.id} and withdrawn_at is null
      and ${thingId}::bigint in (left_id, right_id)`.execute(db);
  return rows.map(({ other }) => other);
}
