import { hkdfSync } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import { type Random, seededRandom } from '../rating/random.js';
import type { Ballot } from './ballot.js';
import type { Progress } from './voting.js';

/** Two things to choose between, by their ids, and which part of the selection picked them. */
export type Pair = Pick<Ballot, 'leftId' | 'rightId' | 'strategy'>;

/** Whose turn it is, and what they did last. */
export interface Asker extends Pick<Progress, 'unknown'> {
  voter: number;
  recent: Pick<Progress['recent'][number], 'id' | 'leftId' | 'rightId'>[];
}

/** How many of the voter's latest votes a pair keeps clear of. */
export const RECENT = 5;

const DRAWS = 16;

/**
 * Chooses the pair a voter sees next and the one after it, which they have not answered: where an answer tells most
 * about the Top 20, and now and then anywhere (docs/ranking.md), on sides drawn by a fair coin, and without the things
 * of their last five pairs as long as there are others; never one they say they don't know. The draw hangs on the
 * voter's latest vote, so that asking again before the board has moved draws the same. A pair whose answer was taken
 * back is not drawn again as long as there are others.
 * @param secret makes the draw one that nobody else can foresee
 * @param due what was to come next: the first of them that is still open does
 * @returns none when the voter has answered every pair there is
 */
export async function nextPairs(
  db: Database,
  board: Board,
  { voter, recent, unknown }: Asker,
  secret: string,
  due: Pair[] = [],
): Promise<{ pair?: Pair | undefined; ahead?: Pair | undefined }> {
  if (board.size < 2) return {};
  const random = randomFor(`${voter} ${board.topic.id} ${recent[0]?.id ?? 0}`, secret);
  const isKnown = ({ leftId, rightId }: Pair): boolean =>
    [leftId, rightId].every((id) => board.find(id) && !unknown.includes(id));
  const clear = draw(board, recent, unknown, random);
  // In a small topic nothing may be left that was not just shown.
  const others = [1, 0].flatMap((many) => draw(board, recent.slice(0, many), unknown, random));
  const open = await unanswered(db, voter, due.filter(isKnown), [...clear, ...others]);
  const pair = open[0] ?? (await anyUnanswered(db, voter, board, unknown, random));
  return { pair, ahead: pair && open.find((other) => clear.includes(other) && !shareThing(pair, other)) };
}

/** The pictures of a pair, to be fetched before it is shown. */
export function picturesOf(board: Board, pair: Pair | undefined): string[] {
  return pair ? [pair.leftId, pair.rightId].flatMap((id) => board.find(id)?.picture ?? []) : [];
}

function shareThing(pair: Pair, { leftId, rightId }: Pair): boolean {
  return [pair.leftId, pair.rightId].some((id) => id === leftId || id === rightId);
}

/** Chance that nobody can foresee, and that is the same each time for the same. @param what it is drawn for */
export function randomFor(what: string, secret: string): Random {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', `thinga pair 2 ${what}`, 4));
  return seededRandom(seed.readUInt32LE());
}

function draw(board: Board, seen: Asker['recent'], unknown: number[], random: Random): Pair[] {
  const keptClearOf = [...seen.flatMap(({ leftId, rightId }) => [leftId, rightId]), ...unknown];
  const places = new Set(keptClearOf.map((thingId) => board.placeOf(thingId)));
  const avoids = (place: number): boolean => places.has(place);
  return Array.from({ length: DRAWS }, () => board.selector.draw(random, avoids))
    .filter((pair) => pair !== undefined)
    .map(({ one, other, strategy }) => onSides(idAt(board, one), idAt(board, other), strategy, random));
}

const idAt = (board: Board, place: number): number => board.standings[place]?.id ?? 0;

function onSides(one: number, other: number, strategy: Pair['strategy'], random: Random): Pair {
  return random() < 0.5
    ? { leftId: one, rightId: other, strategy }
    : { leftId: other, rightId: one, strategy };
}

async function unanswered(db: Database, voter: number, due: Pair[], drawn: Pair[]): Promise<Pair[]> {
  const pairs = [...due, ...drawn];
  if (pairs.length === 0) return [];
  const { rows } = await sql<{ place: number }>`
    select place::int from unnest(
      ${pairs.map(({ leftId }) => leftId)}::bigint[], ${pairs.map(({ rightId }) => rightId)}::bigint[]
    ) with ordinality as drawn (one, other, place)
    where not exists (select from votes where voter_id = ${voter} and withdrawn_at is null
      and least(left_id, right_id) = least(one, other) and greatest(left_id, right_id) = greatest(one, other))
    and (place <= ${due.length} or not exists (
      select from votes where voter_id = ${voter} and withdrawn_at is not null and strategy <> 'asked'
      and least(left_id, right_id) = least(one, other) and greatest(left_id, right_id) = greatest(one, other)))
    order by place`.execute(db);
  return rows.flatMap(({ place }) => pairs[place - 1] ?? []);
}

// Only someone who has answered nearly everything gets here. What they have not answered is met after as many
// steps as they have answers, at most.
async function anyUnanswered(
  db: Database,
  voter: number,
  board: Board,
  unknown: number[],
  random: Random,
): Promise<Pair | undefined> {
  const { rows } = await sql<{ one: number; other: number }>`
    select least(left_id, right_id) as one, greatest(left_id, right_id) as other from votes
    where voter_id = ${voter} and topic_id = ${board.topic.id} and withdrawn_at is null`.execute(db);
  const answered = new Set(rows.map(({ one, other }) => `${one} ${other}`));
  const known = board.standings.map(({ id }) => id).filter((id) => !unknown.includes(id));
  const start = Math.floor(random() * known.length);
  const idFrom = (turn: number): number => known[(start + turn) % known.length] ?? 0;
  for (let turn = 0; turn < known.length; turn++)
    for (let later = turn + 1; later < known.length; later++) {
      const [one, other] = [idFrom(turn), idFrom(later)].sort((a, b) => a - b) as [number, number];
      if (!answered.has(`${one} ${other}`)) return onSides(one, other, 'explore', random);
    }
  return undefined;
}
