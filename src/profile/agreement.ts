import { sql } from 'kysely';
import type { Database } from '../database.js';
import { count, number } from '../http/format.js';
import type { Words } from '../http/words.js';
import type { Board } from '../ranking/boards/board.js';
import { type PairCount, readOthersCounts } from '../ranking/ranker/pair-counts.js';

/** How often a voter chose like most others. */
export interface Agreement {
  /** The voter's answers to pairs that enough others answered. */
  answers: number;
  /** To how many of those more than half of the others gave the same answer. */
  agreed: number;
  /**
   * A text about the choice that the smallest share of others made; undefined when at least half of the others
   * made each of the voter's choices, or the thing is gone.
   */
  boldest: Words | undefined;
}

/** Nothing is compared. */
export const NO_AGREEMENT: Agreement = { answers: 0, agreed: 0, boldest: undefined };

/** A pair that fewer others answered does not count for agreement. */
export const MIN_OTHERS = 5;
/** How many of a voter's latest answers are compared. */
export const MAX_ANSWERS = 1_000;

/**
 * Compares a voter's latest answers in a topic with those of all others to the same pairs, as far as the pair
 * counts go. It reads at most `MAX_ANSWERS` answers.
 */
export async function agreementOf(db: Database, voterId: number, board: Board): Promise<Agreement> {
  const topicId = board.topic.id;
  const { rows: answers } = await sql<Answer>`
    select id, least(left_id, right_id) as low, greatest(left_id, right_id) as high,
      case outcome when 'left' then left_id when 'right' then right_id else 0 end as chosen
    from votes
    where voter_id = ${voterId} and topic_id = ${topicId} and withdrawn_at is null and outcome <> 'skip'
    order by id desc limit ${MAX_ANSWERS}`.execute(db);
  const others = await readOthersCounts(db, voterId, answers);
  const counts = new Map(others.map((count) => [`${count.low} ${count.high}`, count]));
  const rows = answers
    .flatMap((answer) => {
      const count = counts.get(`${answer.low} ${answer.high}`);
      return count ? [compare(answer, count)] : [];
    })
    .filter((compared) => compared.others >= MIN_OTHERS);
  const agreed = rows.filter(({ others, same }) => 2 * same > others).length;
  const [boldest] = rows
    .filter(({ others, same, chosen }) => chosen !== 0 && 2 * same < others)
    .sort((one, other) => one.same / one.others - other.same / other.others || other.id - one.id);
  return { answers: rows.length, agreed, boldest: boldest && describeBoldest(board, boldest) };
}

interface Answer {
  id: number;
  low: number;
  high: number;
  /** The id of the chosen thing; 0 when both were about the same. */
  chosen: number;
}

interface Compared extends Answer {
  others: number;
  /** How many of the others gave the same answer. */
  same: number;
}

function compare(answer: Answer, { low, lowWins, highWins, ties }: PairCount): Compared {
  const same = answer.chosen === 0 ? ties : answer.chosen === low ? lowWins : highWins;
  return { ...answer, others: lowWins + highWins + ties, same };
}

function describeBoldest(board: Board, { low, high, chosen, others, same }: Compared): Words | undefined {
  const [won, lost] = [chosen, chosen === low ? high : low].map((id) => board.find(id)?.name);
  if (!won || !lost) return undefined;
  const few =
    same === 0 ? `None of the ${count(others, 'other')}` : `Only ${number(same)} of ${number(others)} others`;
  return ['Your boldest choice: ', { name: won }, ' over ', { name: lost }, `. ${few} agreed.`];
}
