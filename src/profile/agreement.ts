import { sql } from 'kysely';
import type { Database } from '../database.js';
import { count, number } from '../http/format.js';
import type { Board } from '../ranking/boards/board.js';
import { type PairCount, readOthersOn } from '../ranking/ranker/pair-counts.js';

/** How often a person chose as most others did. */
export interface Agreement {
  /** Their answers on pairs that enough others have answered. */
  answers: number;
  /** In how many of those more than half of the others gave the same answer. */
  agreed: number;
  /** The answer that the fewest of the others gave, in words; undefined when most agree with all of them. */
  boldest: string | undefined;
}

/** Others who must have answered a pair before it says anything about agreement. */
export const OTHERS_ENOUGH = 5;
/** How many of a person's latest answers are looked at. */
export const LATEST = 1_000;

/**
 * Compares a person's latest thousand answers in a topic with those of everybody else who answered the same pairs, as
 * far as the pair counts go.
 */
export async function agreementOf(db: Database, voter: number, board: Board): Promise<Agreement> {
  const topicId = board.topic.id;
  const { rows: answers } = await sql<Answer>`
    select id, least(left_id, right_id) as low, greatest(left_id, right_id) as high,
      case outcome when 'left' then left_id when 'right' then right_id else 0 end as chosen
    from votes
    where voter_id = ${voter} and topic_id = ${topicId} and withdrawn_at is null and outcome <> 'skip'
    order by id desc limit ${LATEST}`.execute(db);
  const others = await readOthersOn(db, voter, answers);
  const counts = new Map(others.map((count) => [`${count.low} ${count.high}`, count]));
  const rows = answers
    .flatMap((answer) => {
      const count = counts.get(`${answer.low} ${answer.high}`);
      return count ? [compare(answer, count)] : [];
    })
    .filter((compared) => compared.others >= OTHERS_ENOUGH);
  const agreed = rows.filter(({ others, same }) => 2 * same > others).length;
  const [boldest] = rows
    .filter(({ others, same, chosen }) => chosen !== 0 && 2 * same < others)
    .sort((one, other) => one.same / one.others - other.same / other.others || other.id - one.id);
  return { answers: rows.length, agreed, boldest: boldest && inWords(board, boldest) };
}

interface Answer {
  id: number;
  low: number;
  high: number;
  /** The id of the thing that was chosen, 0 when they were about the same. */
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

function inWords(board: Board, { low, high, chosen, others, same }: Compared): string | undefined {
  const [won, lost] = [chosen, chosen === low ? high : low].map((id) => board.find(id)?.name);
  if (!won || !lost) return undefined;
  const few =
    same === 0 ? `none of ${count(others, 'other')}` : `${number(same)} of ${number(others)} others`;
  return `Your boldest choice: ${won} over ${lost}, as ${few} chose.`;
}
