import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import type { Ballot } from './ballot.js';

/** Two things to choose between, by their ids, and which part of the selection picked them. */
export type Pair = Pick<Ballot, 'leftId' | 'rightId' | 'arm'>;

const DRAWS = 16;

/**
 * Chooses the pair a voter sees next: at random among those they have not answered, on sides drawn by a fair
 * coin, and rather without a thing they have just seen.
 * @param seen things to leave out for once, when there are others
 * @returns undefined when the voter has answered every pair there is
 */
export async function nextPair(
  db: Database,
  board: Board,
  voter: number,
  seen: number[] = [],
): Promise<Pair | undefined> {
  if (board.size < 2) return undefined;
  const drawn = drawPairs(board, new Set(board.size > 4 ? seen : []));
  const found = (await firstUnanswered(db, voter, drawn)) ?? (await anyUnanswered(db, voter, board));
  if (!found) return undefined;
  const [leftId, rightId] = Math.random() < 0.5 ? found : [found[1], found[0]];
  return { leftId, rightId, arm: 'explore' };
}

type Two = [number, number];

function drawPairs(board: Board, left: Set<number>): Two[] {
  const pairs: Two[] = [];
  while (pairs.length < DRAWS) {
    const [one, other] = [draw(board, left), draw(board, left)];
    if (one !== other) pairs.push([one, other]);
  }
  return pairs;
}

function draw(board: Board, left: Set<number>): number {
  for (;;) {
    const thing = board.standings[Math.floor(Math.random() * board.size)];
    if (thing && !left.has(thing.id)) return thing.id;
  }
}

async function firstUnanswered(db: Database, voter: number, pairs: Two[]): Promise<Two | undefined> {
  const { rows } = await sql<{ one: number; other: number }>`
    select one, other from unnest(
      ${pairs.map(([one]) => one)}::bigint[], ${pairs.map(([, other]) => other)}::bigint[]
    ) with ordinality as drawn (one, other, place)
    where not exists (select from votes where voter = ${voter} and withdrawn_at is null
      and least(left_id, right_id) = least(one, other) and greatest(left_id, right_id) = greatest(one, other))
    order by place limit 1`.execute(db);
  return rows[0] && [rows[0].one, rows[0].other];
}

// Only someone who has answered nearly everything gets here, and then what is left is a short list.
async function anyUnanswered(db: Database, voter: number, board: Board): Promise<Two | undefined> {
  const { rows } = await sql<{ one: number; other: number }>`
    select one.id as one, other.id as other
    from things as one join things as other on other.topic_id = one.topic_id and other.id > one.id
    where one.topic_id = ${board.topic.id} and one.retired_at is null and other.retired_at is null
      and not exists (select from votes where voter = ${voter} and withdrawn_at is null
        and least(left_id, right_id) = one.id and greatest(left_id, right_id) = other.id)
    order by random() limit 1`.execute(db);
  return rows[0] && [rows[0].one, rows[0].other];
}
