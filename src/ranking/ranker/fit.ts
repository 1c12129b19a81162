import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import type { Fit } from '../math/refit.js';
import { type LedgerRange, type Position, positionSql } from './ledger-position.js';
import { hasVotes, type TopicRatings } from './ratings.js';

/** The fit of a topic's votes, and what it rests on. */
export interface TopicFit {
  fit: Fit;
  /** The means and variances that were stored before, with the counts of the votes that were fitted. */
  topic: TopicRatings;
  /** The position in the ledger at which the fitted votes counted. */
  upTo: Position;
  /** How many of the votes chose one of the two things. */
  decided: number;
  /** How many of these chose the left one. */
  leftWins: number;
  /** The votes and the fit for download; undefined when too few voters were added since the last snapshot. */
  snapshot: Buffer | undefined;
}

/**
 * Replaces ratings by a fit, in place. A thing that was added since gets mean 0, and the fit's spread as its variance.
 */
export function replaceByFit(topic: TopicRatings, { topic: fitted, fit }: TopicFit): TopicRatings {
  topic.means.fill(0);
  topic.fittedMeans.fill(0);
  topic.variances.fill(fit.spread);
  for (const counts of [topic.wins, topic.losses, topic.ties]) counts.fill(0);
  for (const [fittedIndex, id] of fitted.ids.entries()) {
    const index = topic.indexes.get(id);
    // A thing without votes gets exactly what `readRatings` gives it, which is not what the fit has.
    if (index === undefined || !hasVotes(fitted, fittedIndex)) continue;
    topic.means[index] = fit.means[fittedIndex] as number;
    topic.fittedMeans[index] = fit.means[fittedIndex] as number;
    topic.variances[index] = fit.variances[fittedIndex] as number;
    topic.wins[index] = fitted.wins[fittedIndex] as number;
    topic.losses[index] = fitted.losses[fittedIndex] as number;
    topic.ties[index] = fitted.ties[fittedIndex] as number;
  }
  return Object.assign(topic, { votes: fitted.votes, fittedVotes: fitted.votes });
}

/** Records which votes a topic was fitted to. */
export async function writeFit(
  trx: Transaction,
  { fit, topic: { topicId, votes }, upTo: { xid, id }, decided, leftWins }: TopicFit,
): Promise<void> {
  await sql`
    insert into fits (topic_id, xid, id, votes, spread, decided, left_wins)
    values (${topicId}, ${xid}::xid8, ${id}, ${votes}, ${fit.spread}, ${decided}, ${leftWins})
    on conflict (topic_id) do update set xid = excluded.xid, id = excluded.id, votes = excluded.votes,
      spread = excluded.spread, decided = excluded.decided, left_wins = excluded.left_wins,
      fitted_at = now()`.execute(trx);
}

/**
 * Whether votes that counted at `from` were withdrawn or excluded by `upTo`. A fit of the votes at `from` is
 * stale then.
 */
export async function hasLostVotes(
  trx: Transaction,
  topicId: number,
  { from, upTo }: LedgerRange,
): Promise<boolean> {
  const { rows } = await sql<{ lost: boolean }>`
    select exists (
      select from votes where topic_id = ${topicId} and not provisional and (xid, id) <= ${positionSql(from)}
        and withdrawn_xid is not null and (withdrawn_xid, id) > ${positionSql(from)}
        and (withdrawn_xid, id) <= ${positionSql(upTo)})
      or exists (select from voter_events as event where
        (xid, id) > ${positionSql(from)}
        and (xid, id) <= ${positionSql(upTo)}
        and (event.topic_id is null or event.topic_id = ${topicId})
        and exists (select from votes where votes.voter_id = event.voter_id and topic_id = ${topicId})) as lost`.execute(
    trx,
  );
  return rows[0]?.lost ?? false;
}
