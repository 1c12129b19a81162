import type { Words } from '../http/words.js';
import type { Standing } from '../ranking/boards/board.js';
import type { Random } from '../ranking/math/random.js';
import { drawStop } from '../ranking/math/walk.js';
import { RECENT, shuffleSides, thingsOf } from './draw.js';
import { hasThing, type Pair } from './pairs.js';
import type { Away, Queue } from './queue.js';
import type { VoterContext } from './voter.js';

/** How long a thing where nobody was is left aside, in milliseconds. */
const AWAY_MS = 10 * 60_000;

/** How many pairs are drawn with the thing that a voter stands at, with the one before it, and with neither. */
const DRAWS = [8, 4, 4];

/** What decides the next pair of a voter who walks. */
export interface Walk extends Pick<Queue, 'recent' | 'unknown' | 'away'> {
  /** The thing that stays, if another one of its pair was left aside. */
  kept?: number | undefined;
}

/** Whether the voters of a topic walk from thing to thing. */
export const isInPerson = ({ board }: Pick<VoterContext, 'board'>): boolean => board.topic.inPerson;

/**
 * Draws pairs for a voter who walks. Each keeps one of the two things that they have just seen, as long as there is
 * such a pair. The voter may have answered some of the pairs.
 */
export function drawWalk(context: VoterContext, walk: Walk, random: Random): Pair[] {
  const { board, hall, voter, own } = context;
  const { topic, selector, standings } = board;
  const isAway = (id: number): boolean => currentlyAway(walk.away).includes(id);
  const isOut = (id: number): boolean => own.has(id) || walk.unknown.includes(id) || isAway(id);
  const crowd = hall.crowd(topic.id, voter.id);
  const near = thingsOf(walk.recent.slice(-RECENT));
  const idAt = (index: number): number => standings[index]?.id ?? 0;
  const pairs: Pair[] = [];
  const draw = (kept: number | undefined, avoids: (id: number) => boolean): Pair | undefined => {
    const isAvoided = (index: number): boolean => avoids(idAt(index));
    const othersAt = (index: number): number => crowd.get(idAt(index)) ?? 0;
    const rules = { random, isAvoided, othersAt, visits: topic.visits };
    const drawn = drawStop(selector, kept === undefined ? undefined : board.indexOf(kept), rules);
    if (!drawn) return undefined;
    const { one, other, strategy } = drawn;
    return shuffleSides({ leftId: idAt(one), rightId: idAt(other), strategy }, random);
  };
  const stays = [...new Set([walk.kept, ...lastSeen(walk.recent)])].filter(
    (id): id is number => id !== undefined && !isOut(id) && board.find(id) !== undefined,
  );
  // What was left aside comes back first.
  const [stay] = stays;
  for (const { id } of walk.away ?? [])
    if (stay !== undefined && id !== stay && !isOut(id) && board.find(id))
      pairs.push(shuffleSides({ leftId: stay, rightId: id, strategy: 'explore' }, random));
  for (const [turn, kept] of [...stays, undefined].entries())
    for (let draws = kept === undefined ? 4 : (DRAWS[turn] ?? 4); draws > 0; draws--) {
      const isDrawn = (id: number): boolean => id !== kept && pairs.some((pair) => hasThing(pair, id));
      const pair =
        draw(kept, (id) => isOut(id) || isDrawn(id) || near.includes(id)) ??
        draw(kept, (id) => isOut(id) || isDrawn(id));
      if (pair) pairs.push(pair);
    }
  return pairs;
}

/** The things of the voter's last pair. The one to which they came last is first. */
function lastSeen(recent: Queue['recent']): number[] {
  const [last, before] = recent.slice(-2).reverse();
  if (!last) return [];
  const { low, high } = last;
  return before?.low === high || before?.high === high ? [low, high] : [high, low];
}

/** The things of a pair to which the voter has to go, because they have not just seen them. */
export function stopsOf({ recent }: Pick<Queue, 'recent'>, things: Standing[]): Standing[] {
  const seen = thingsOf(recent.slice(-1));
  return things.filter(({ id }) => !seen.includes(id));
}

/** Says where a voter goes: "Go to table 12: Ramen". */
export function describeStop({ name, location }: Standing): Words {
  if (location === null) return ['Go to ', { name }];
  // A number alone is that of a table.
  const place = /^\d+\p{L}?$/u.test(location) ? `table ${location}` : location;
  return ['Go to ', { name: place }, ': ', { name }];
}

/** The ids of the things that are left aside now. */
export const currentlyAway = (away: Away[] = []): number[] =>
  away.filter(({ until }) => until > Date.now()).map(({ id }) => id);

/** The things that were left aside, without those that are back among the next pairs. */
export const stillAway = (away: Away[] = [], pairs: Pair[]): Away[] =>
  away.filter(({ id, until }) => until > Date.now() || !pairs.some((pair) => hasThing(pair, id)));

/** The things that were left aside, with one more. */
export const withAway = (away: Away[] = [], id: number): Away[] => [
  ...away.filter((other) => other.id !== id),
  { id, until: Date.now() + AWAY_MS },
];
