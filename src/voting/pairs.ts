import { hkdfSync } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import type { Ballot } from './ballot.js';

/** Two things to choose between, by their ids, and which part of the selection picked them. */
export type Pair = Pick<Ballot, 'leftId' | 'rightId' | 'arm'>;

/** Whose turn it is, and after which of their votes. */
export interface Turn {
  voter: number;
  /** The voter's latest vote in the topic, if any. */
  after: { id: number; leftId: number; rightId: number } | undefined;
}

const DRAWS = 16;

/**
 * Chooses the pair a voter sees next: at random among those they have not answered, on sides drawn by a fair
 * coin, and rather without a thing they have just seen. The draw hangs on the voter's latest vote, so opening
 * the page again shows the same pair: nobody gets past one without saying so.
 * @param secret makes the draw one that nobody else can foresee
 * @returns undefined when the voter has answered every pair there is
 */
export async function nextPair(
  db: Database,
  board: Board,
  { voter, after }: Turn,
  secret: string,
): Promise<Pair | undefined> {
  if (board.size < 2) return undefined;
  const random = drawer(`${voter} ${board.topic.id} ${after?.id ?? 0}`, secret);
  const drawn = drawPairs(board, random);
  const seen = (pair: Two): boolean => pair.some((id) => id === after?.leftId || id === after?.rightId);
  const inOrder = [...drawn.filter((pair) => !seen(pair)), ...drawn.filter(seen)];
  const found = (await firstUnanswered(db, voter, inOrder)) ?? (await anyUnanswered(db, voter, board));
  if (!found) return undefined;
  const [leftId, rightId] = random(2) === 0 ? found : [found[1], found[0]];
  return { leftId, rightId, arm: 'explore' };
}

type Two = [number, number];

// Numbers from 0 up to below a bound; the bias of the remainder is under one in 30,000 for 100,000 things.
function drawer(what: string, secret: string): (below: number) => number {
  const numbers = new Uint32Array(
    hkdfSync('sha256', secret, '', `thinga pair 1 ${what}`, 4 * (2 * DRAWS + 1)),
  );
  let next = 0;
  return (below) => (numbers[next++ % numbers.length] ?? 0) % below;
}

function drawPairs(board: Board, random: (below: number) => number): Two[] {
  return Array.from({ length: DRAWS }, () => {
    const one = random(board.size);
    const other = (one + 1 + random(board.size - 1)) % board.size;
    return [board.ids[one] ?? 0, board.ids[other] ?? 0];
  });
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
    order by one.id, other.id limit 1`.execute(db);
  return rows[0] && [rows[0].one, rows[0].other];
}
