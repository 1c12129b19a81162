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

/** How many pairs are drawn with each thing where the voter may stay, and how many with neither. */
const [STAY_DRAWS, OTHER_DRAWS] = [[8, 6], 4];

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
  const { board, own } = context;
  const away = currentlyAway(walk.away);
  const isOut = (id: number): boolean => own.has(id) || walk.unknown.includes(id) || away.includes(id);
  const isHere = (id: number): boolean => board.find(id) !== undefined && !isOut(id);
  const near = thingsOf(walk.recent.slice(-RECENT));
  const draw = stopDrawer(context, random);
  const drawMany = (kept: number | undefined, count: number): Pair[] => {
    const pairs: Pair[] = [];
    for (let draws = 0; draws < count; draws++) {
      const isUsed = (id: number): boolean =>
        isOut(id) || (id !== kept && pairs.some((pair) => hasThing(pair, id)));
      const pair = draw(kept, (id) => isUsed(id) || (id !== kept && near.includes(id))) ?? draw(kept, isUsed);
      if (pair) pairs.push(pair);
    }
    return pairs;
  };
  const stays = [
    ...new Set([...(walk.kept === undefined ? [] : [walk.kept]), ...lastSeen(walk.recent)]),
  ].filter(isHere);
  const [stay] = stays;
  const back = (walk.away ?? []).map(({ id }) => id).filter((id) => id !== stay && isHere(id));
  return [
    // What was left aside comes back first.
    ...(stay === undefined ? [] : back).map((id) =>
      shuffleSides({ leftId: stay ?? id, rightId: id, strategy: 'explore' }, random),
    ),
    ...stays.flatMap((kept, index) => drawMany(kept, STAY_DRAWS[index] ?? OTHER_DRAWS)),
    ...drawMany(undefined, OTHER_DRAWS),
  ];
}

type DrawStop = (kept: number | undefined, isAvoided: (id: number) => boolean) => Pair | undefined;

/** Draws single pairs by the ids of things, away from the others in the hall. */
function stopDrawer({ board, hall, voter }: VoterContext, random: Random): DrawStop {
  const { topic, selector, standings } = board;
  const idAt = (index: number): number => standings[index]?.id ?? 0;
  const crowd = hall.crowd(topic.id, voter.id);
  const othersAt = (index: number): number => crowd.get(idAt(index)) ?? 0;
  return (kept, isAvoided) => {
    const drawn = drawStop(selector, kept === undefined ? undefined : board.indexOf(kept), {
      ...{ random, othersAt, visits: topic.visits },
      isAvoided: (index) => isAvoided(idAt(index)),
    });
    if (!drawn) return undefined;
    const { one, other, strategy } = drawn;
    return shuffleSides({ leftId: idAt(one), rightId: idAt(other), strategy }, random);
  };
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
