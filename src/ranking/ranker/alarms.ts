import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import { ALARM_VOTES, afterPush, deviationOf, isAlarming, type Lean, NO_LEAN } from '../math/one-sided.js';
import { winChance } from '../math/online-update.js';
import { isExcluded } from './ledger.js';
import { type Position, positionSql } from './ledger-position.js';
import { scoreOf, type TopicRatings } from './ratings.js';

/**
 * Records for the operators which things the latest 500 votes of a topic push, each at most once a day. It looks at all
 * voters together, so it also sees people who come by many networks.
 * @param topic its fitted means tell what was expected of these votes: those of the previous fit, which may have had the older ones of them
 * @param upTo the position in the ledger of the last of these votes
 */
export async function raiseAlarms(
  trx: Transaction,
  { topicId, indexes, fittedMeans }: Pick<TopicRatings, 'topicId' | 'indexes' | 'fittedMeans'>,
  upTo: Position,
): Promise<void> {
  const votes = await readLatestVotes(trx, topicId, upTo);
  const leans = new Map<number, Lean>();
  const add = (thingId: number, push: number, expected: number): void => {
    leans.set(thingId, afterPush(leans.get(thingId) ?? NO_LEAN, push, expected));
  };
  const meanOf = (thingId: number): number => fittedMeans[indexes.get(thingId) ?? -1] ?? 0;
  for (const vote of votes) {
    const expected = winChance(meanOf(vote.leftId) - meanOf(vote.rightId));
    const push = scoreOf(vote) - expected;
    add(vote.leftId, push, expected);
    add(vote.rightId, -push, expected);
  }
  for (const [thingId, lean] of leans)
    if (isAlarming(deviationOf(lean))) await record(trx, { topicId, thingId, deviation: deviationOf(lean) });
}

async function readLatestVotes(trx: Transaction, topicId: number, upTo: Position) {
  const { rows } = await sql<{ leftId: number; rightId: number; outcome: 'left' | 'right' | 'tie' }>`
    select left_id as "leftId", right_id as "rightId", outcome from votes
    where topic_id = ${topicId} and not provisional and outcome <> 'skip' and strategy <> 'import'
      and (xid, id) <= ${positionSql(upTo)} and withdrawn_at is null and not ${isExcluded('votes')}
    order by votes.xid desc, id desc limit ${ALARM_VOTES}`.execute(trx.withoutPlugins());
  return rows;
}

async function record(
  trx: Transaction,
  { topicId, thingId, deviation }: { topicId: number; thingId: number; deviation: number },
): Promise<void> {
  await sql`
    insert into site_events (kind, topic_id, thing_id, details)
    select 'one-sided votes', ${topicId}, ${thingId}, ${JSON.stringify({ deviation: Math.round(deviation * 10) / 10 })}
    where not exists (
      select from site_events
      where topic_id = ${topicId} and thing_id = ${thingId} and at > now() - interval '1 day')`.execute(trx);
}
