import { hkdfSync } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import { type Random, seededRandom } from '../rating/random.js';
import type { Ballot } from './ballot.js';
import type { Progress } from './voting.js';

/** Two things to choose between, by their ids, and which part of the selection picked them. */
export type Pair = Pick<Ballot, 'leftId' | 'rightId' | 'arm'>;

/** Whose turn it is, and what they did last. */
export interface Asker extends Pick<Progress, 'unknown'> {
  voter: number;
  recent: Pick<Progress['recent'][number], 'id' | 'leftId' | 'rightId'>[];
}

/** How many of the voter's latest votes a pair keeps clear of. */
export const RECENT = 5;

const DRAWS = 16;

/**
 * Chooses the pair a voter sees next, one they have not answered: where an answer tells most about the Top 20, and
 * now and then anywhere (docs/ranking.md), on sides drawn by a fair coin, and without the things of their last
 * five pairs as long as there are others; never one they say they don't know. The draw hangs on the voter's latest vote, so that asking again before
 * the board has moved draws the same.
 * @param secret makes the draw one that nobody else can foresee
 * @returns undefined when the voter has answered every pair there is
 */
export async function nextPair(
  db: Database,
  board: Board,
  { voter, recent, unknown }: Asker,
  secret: string,
): Promise<Pair | undefined> {
  if (board.size < 2) return undefined;
  const random = randomFor(`${voter} ${board.topic.id} ${recent[0]?.id ?? 0}`, secret);
  // In a small topic nothing may be left that was not just shown.
  const drawn = [RECENT, 1, 0].flatMap((many) => draw(board, recent.slice(0, many), unknown, random));
  const found =
    (await firstUnanswered(db, voter, drawn)) ?? (await anyUnanswered(db, voter, board, unknown, random));
  if (!found) return undefined;
  const { one, other, arm } = found;
  return random() < 0.5 ? { leftId: one, rightId: other, arm } : { leftId: other, rightId: one, arm };
}

interface Drawn {
  one: number;
  other: number;
  arm: Pair['arm'];
}

/** Chance that nobody can foresee, and that is the same each time for the same. @param what it is drawn for */
export function randomFor(what: string, secret: string): Random {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', `thinga pair 2 ${what}`, 4));
  return seededRandom(seed.readUInt32LE());
}

function draw(board: Board, seen: Asker['recent'], unknown: number[], random: Random): Drawn[] {
  const keptClearOf = [...seen.flatMap(({ leftId, rightId }) => [leftId, rightId]), ...unknown];
  const places = new Set(keptClearOf.map((thingId) => board.placeOf(thingId)));
  const avoids = (place: number): boolean => places.has(place);
  return Array.from({ length: DRAWS }, () => board.selector.draw(random, avoids))
    .filter((pair) => pair !== undefined)
    .map(({ one, other, arm }) => ({ one: idAt(board, one), other: idAt(board, other), arm }));
}

const idAt = (board: Board, place: number): number => board.standings[place]?.id ?? 0;

async function firstUnanswered(db: Database, voter: number, pairs: Drawn[]): Promise<Drawn | undefined> {
  if (pairs.length === 0) return undefined;
  const { rows } = await sql<{ place: number }>`
    select place::int from unnest(
      ${pairs.map(({ one }) => one)}::bigint[], ${pairs.map(({ other }) => other)}::bigint[]
    ) with ordinality as drawn (one, other, place)
    where not exists (select from votes where voter = ${voter} and withdrawn_at is null
      and least(left_id, right_id) = least(one, other) and greatest(left_id, right_id) = greatest(one, other))
    order by place limit 1`.execute(db);
  return rows[0] && pairs[rows[0].place - 1];
}

// Only someone who has answered nearly everything gets here. What they have not answered is met after as many
// steps as they have answers, at most.
async function anyUnanswered(
  db: Database,
  voter: number,
  board: Board,
  unknown: number[],
  random: Random,
): Promise<Drawn | undefined> {
  const { rows } = await sql<{ one: number; other: number }>`
    select least(left_id, right_id) as one, greatest(left_id, right_id) as other from votes
    where voter = ${voter} and topic_id = ${board.topic.id} and withdrawn_at is null`.execute(db);
  const answered = new Set(rows.map(({ one, other }) => `${one} ${other}`));
  const known = board.standings.map(({ id }) => id).filter((id) => !unknown.includes(id));
  const start = Math.floor(random() * known.length);
  const idFrom = (turn: number): number => known[(start + turn) % known.length] ?? 0;
  for (let turn = 0; turn < known.length; turn++)
    for (let later = turn + 1; later < known.length; later++) {
      const [one, other] = [idFrom(turn), idFrom(later)].sort((a, b) => a - b) as [number, number];
      if (!answered.has(`${one} ${other}`)) return { one, other, arm: 'explore' };
    }
  return undefined;
}
