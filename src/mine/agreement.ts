import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import { isExcluded } from '../ranking/ledger.js';
import { count, number } from '../web/words.js';

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
/** How many of a person's latest answers are looked at, and how many others on each pair at most. */
export const [LATEST, MOST_OTHERS] = [1_000, 100];

/**
 * Compares a person's answers in a topic with those of everybody else who answered the same pairs: their latest
 * thousand answers, each with up to a hundred others, so that the work stays bounded.
 */
export async function agreementOf(db: Database, voter: number, board: Board): Promise<Agreement> {
  const { rows } = await sql<Compared>`
    with mine as (
      select id, least(left_id, right_id) as one, greatest(left_id, right_id) as two,
        case outcome when 'left' then left_id when 'right' then right_id else 0 end as chosen
      from votes
      where voter_id = ${voter} and topic_id = ${board.topic.id} and withdrawn_at is null and outcome <> 'skip'
      order by id desc limit ${LATEST})
    select mine.*, answers.others::int, answers.same::int from mine cross join lateral (
      select count(*) as others, count(*) filter (where picked = chosen) as same from (
        select case outcome when 'left' then left_id when 'right' then right_id else 0 end as picked
        from votes
        where least(left_id, right_id) = one and greatest(left_id, right_id) = two and withdrawn_at is null
          and outcome <> 'skip' and voter_id is distinct from ${voter} and not ${isExcluded('votes')}
        limit ${MOST_OTHERS}) as theirs) as answers
    where answers.others >= ${OTHERS_ENOUGH}`.execute(db);
  const agreed = rows.filter(({ others, same }) => 2 * same > others).length;
  const [boldest] = rows
    .filter(({ others, same, chosen }) => chosen !== 0 && 2 * same < others)
    .sort((one, other) => one.same / one.others - other.same / other.others || other.id - one.id);
  return { answers: rows.length, agreed, boldest: boldest && inWords(board, boldest) };
}

interface Compared {
  id: number;
  one: number;
  two: number;
  /** The id of the thing that was chosen, 0 when they were about the same. */
  chosen: number;
  others: number;
  /** How many of the others gave the same answer. */
  same: number;
}

function inWords(board: Board, { one, two, chosen, others, same }: Compared): string | undefined {
  const [won, lost] = [chosen, chosen === one ? two : one].map((id) => board.find(id)?.name);
  if (!won || !lost) return undefined;
  const few =
    same === 0 ? `none of ${count(others, 'other')}` : `${number(same)} of ${number(others)} others`;
  return `Your boldest choice: ${won} over ${lost}, as ${few} chose.`;
}
