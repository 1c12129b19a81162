import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Fit } from '../math/refit.js';
import type { Position } from './ledger.js';
import { hasVotes, type TopicRatings } from './ratings.js';

/** A topic's votes as they were fitted together. */
export interface Fitted {
  fit: Fit;
  /** The things, with means and variances as they were kept before, and the votes that were fitted counted. */
  topic: TopicRatings;
  /** The position in the ledger up to which the votes that stood were fitted. */
  upTo: Position;
  /** Of the votes that chose one: how many, and how many of them chose the left. */
  decided: number;
  leftWins: number;
  /** The votes and the fit as anyone may download them; undefined when too few voters were added since the last time. */
  snapshot: Buffer | undefined;
}

/** Puts a fit in the place of the ratings that were kept; things added since stand at the average. */
export function takeOver(topic: TopicRatings, { topic: fitted, fit }: Fitted): TopicRatings {
  topic.means.fill(0);
  topic.variances.fill(fit.spread);
  for (const figures of [topic.wins, topic.losses, topic.ties]) figures.fill(0);
  for (const [index, id] of fitted.ids.entries()) {
    const now = topic.indexes.get(id);
    // A thing without votes stands at the average exactly, as it does when it is read again.
    if (now === undefined || !hasVotes(fitted, index)) continue;
    topic.means[now] = fit.means[index] as number;
    topic.variances[now] = fit.variances[index] as number;
    topic.wins[now] = fitted.wins[index] as number;
    topic.losses[now] = fitted.losses[index] as number;
    topic.ties[now] = fitted.ties[index] as number;
  }
  return Object.assign(topic, { votes: fitted.votes, fitted: fitted.votes });
}

/** Notes which votes a topic's ratings are the fit of. */
export async function writeFit(
  trx: Database,
  topicId: number,
  { fit, topic, upTo: { xid, id }, decided, leftWins }: Fitted,
): Promise<void> {
  await sql`
    insert into fits (topic_id, xid, id, votes, spread, decided, left_wins)
    values (${topicId}, ${xid}::xid8, ${id}, ${topic.votes}, ${fit.spread}, ${decided}, ${leftWins})
    on conflict (topic_id) do update set xid = excluded.xid, id = excluded.id, votes = excluded.votes,
      spread = excluded.spread, decided = excluded.decided, left_wins = excluded.left_wins,
      fitted_at = now()`.execute(trx);
}

/** Whether votes that a fit rests on were withdrawn or excluded while it was under way: then it is stale already. */
export async function lostVotes(
  trx: Database,
  topicId: number,
  upTo: Position,
  position: Position,
): Promise<boolean> {
  const { rows } = await sql<{ lost: boolean }>`
    select exists (
      select from votes where topic_id = ${topicId} and not provisional and (xid, id) <= (${upTo.xid}::xid8, ${upTo.id}::bigint)
        and withdrawn_xid is not null and (withdrawn_xid, id) > (${upTo.xid}::xid8, ${upTo.id}::bigint)
        and (withdrawn_xid, id) <= (${position.xid}::xid8, ${position.id}::bigint))
      or exists (select from voter_events as event where
        (xid, id) > (${upTo.xid}::xid8, ${upTo.id}::bigint)
        and (xid, id) <= (${position.xid}::xid8, ${position.id}::bigint)
        and exists (select from votes where votes.voter_id = event.voter_id and topic_id = ${topicId})) as lost`.execute(
    trx,
  );
  return rows[0]?.lost ?? false;
}
