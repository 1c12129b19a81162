import { count, number } from '../http/format.js';
import type { Words } from '../http/words.js';
import type { Board } from '../ranking/boards/board.js';
import type { Agreement } from './effect.js';
import type { BarPart, OwnProgress, Slot } from './pages.js';
import type { Queue } from './queue.js';
import type { Receipt } from './receipt.js';
import { describeShortly } from './words.js';

/** Up to so many people, each has a cell of their own. */
const MAX_CELLS = 13;
/** Percent of the bar’s width between two cells. */
const GAP = 1;

/** Describes what stands below the answers: the receipt of a vote, or else how far the voter has come. */
export function slotOf(
  board: Board,
  { queue, receipt, own }: { queue: Queue; receipt: Receipt | undefined; own: OwnProgress | undefined },
): Slot {
  const undo = receipt ? receipt.undo : queue.last && queue.latest;
  if (receipt) return { ...slotOfReceipt(receipt), undo };
  const line: Words = queue.last ? ['Last vote: ', ...describeShortly(board, queue.last)] : [];
  const progress = own ? slotOfProgress(own) : { bar: [], title: [] };
  return { sentence: [], ...progress, line, undo };
}

/** What stands there while the topic takes no votes. Nothing can be undone. */
export const slotWhileClosed = (receipt: Receipt | undefined): Slot =>
  receipt
    ? { ...slotOfReceipt(receipt), undo: undefined }
    : { bar: [], sentence: [], title: [], line: [], undo: undefined };

function slotOfReceipt({ status, text, agreement, effect }: Receipt): Omit<Slot, 'undo'> {
  if (!status) return { bar: [], sentence: [], title: text, line: [] };
  const sentence: Words = [`${status}: `, ...text];
  const line = effect ?? [];
  if (!agreement) return { bar: [], sentence: [], title: sentence, line };
  return { bar: agreementBar(agreement), sentence, title: [describeAgreement(agreement)], line };
}

function slotOfProgress({ toGo, enough, size, expectedRight }: OwnProgress): Pick<Slot, 'bar' | 'title'> {
  if (toGo > 0)
    return {
      bar: slots(enough, enough - toGo),
      title: [`${count(toGo, toGo === enough ? 'vote' : 'more vote')} until your list`],
    };
  if (size === 0) return { bar: [], title: ['Your list grows with each vote'] };
  const right = expectedRight === size ? `all ${size}` : `about ${expectedRight}`;
  return { bar: slots(size, expectedRight), title: [`Your Top ${size}: ${right} stay`] };
}

function describeAgreement({ same, total }: Agreement): string {
  if (same === 0) return `None of the ${number(total)} others agreed`;
  return same === total
    ? `You and all ${number(total)} others`
    : `You and ${number(same)} of ${number(total)} others`;
}

function agreementBar({ same, total }: Agreement): BarPart[] {
  if (total < MAX_CELLS)
    return cells(total + 1, (index) => (index === 0 ? 'you' : index <= same ? 'yes' : 'no'));
  const share = (100 * (same + 1)) / (total + 1);
  const yes: BarPart = { x: 0, width: share, kind: 'yes' };
  return share < 100 ? [yes, { x: share + GAP, width: Math.max(100 - share - GAP, 0), kind: 'no' }] : [yes];
}

/** Draws slots that fill: one cell for each, or two lengths when there are many. */
export function slots(total: number, filled: number): BarPart[] {
  if (total <= MAX_CELLS) return cells(total, (index) => (index < filled ? 'on' : 'off'));
  const share = (100 * filled) / total;
  return [
    { x: 0, width: 100, kind: 'off' },
    { x: 0, width: share, kind: 'on' },
  ];
}

function cells(total: number, kindOf: (index: number) => BarPart['kind']): BarPart[] {
  const width = (100 - (total - 1) * GAP) / total;
  return Array.from({ length: total }, (_, index) => ({
    x: index * (width + GAP),
    width,
    kind: kindOf(index),
  }));
}
