import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { raiseAlarms } from './alarms.js';
import { freezeClosedTopics, keepSchedules, readEnd } from './closing.js';
import { hasLostVotes, replaceByFit, type TopicFit, writeFit } from './fit.js';
import { Folding } from './folding.js';
import { readCountedVotes } from './ledger.js';
import { hasRepeatedAnswers, hasSameMerges } from './merges.js';
import { Pace } from './pace.js';
import { advancePairCounts } from './pair-counts.js';
import { RankWorkerPool } from './rank-worker-pool.js';
import {
  applyAndCount,
  deleteRatingsWithoutVotes,
  hasVotes,
  markChanged,
  readRatings,
  writeRatings,
} from './ratings.js';
import { RatingsCache } from './ratings-cache.js';
import { type OnFailure, Retries, throwFailure } from './retries.js';
import { isSnapshotDue, readSnapshotHeader, writeSnapshot } from './snapshots.js';
import { publishStandings, readPendingTopics } from './standings.js';
import { readVoteList } from './vote-list.js';

/**
 * Turns the ledger's votes into ratings, and the ratings into standings.
 *
 * Folding comes first and takes milliseconds. Long work runs in the background: it fits all votes of a topic
 * anew, and publishes the topic's pair counts and standings. A topic that fails does not delay the others.
 */
export class Ranker {
  readonly #db: Database;
  readonly #writer: Database;
  readonly #ratings: RatingsCache;
  readonly #folding: Folding;
  readonly #retries: Retries;
  readonly #workers = new RankWorkerPool();
  readonly #fitPace = new Pace(10);
  readonly #publishPace = new Pace(3);
  #backgroundWork: Promise<void> | undefined;
  #failure: unknown;

  /**
   * @param writer the connection that holds the ranker's lock, where there is one; it writes everything that
   * two rankers must not both write
   * @param onFailure is called for each topic that fails; that topic is retried and the others go on, unless
   * it throws
   */
  constructor(
    db: Database,
    { writer = db, onFailure = throwFailure }: { writer?: Database; onFailure?: OnFailure } = {},
  ) {
    this.#db = db;
    this.#writer = writer;
    this.#ratings = new RatingsCache(writer);
    this.#retries = new Retries(onFailure);
    this.#folding = new Folding(writer, this.#ratings, this.#retries);
  }

  /**
   * Opens and closes the topics whose time has come, and folds everything that is in the ledger. Then it fits the topics that lost votes or have many new ones
   * (one a thing, and a tenth of those in the last fit), and publishes the topics that changed.
   * @param inBackground return after folding, and fit and publish in the background; a topic whose last work
   * took long or failed has to pause first
   * @returns how many entries were folded
   */
  async fold({ inBackground = false } = {}): Promise<number> {
    const isAnyToFreeze = await keepSchedules(this.#writer);
    const folded = await this.#folding.foldAll();
    if (isAnyToFreeze) await this.#ratings.runExclusive(() => freezeClosedTopics(this.#writer));
    if (!inBackground) await this.backgroundWork();
    this.#backgroundWork ??= this.#fitAndPublish(inBackground)
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#backgroundWork = undefined;
      });
    if (!inBackground) await this.backgroundWork();
    this.#throwFailure();
    return folded;
  }

  /** Waits until no work runs in the background. */
  async backgroundWork(): Promise<void> {
    await this.#backgroundWork;
  }

  /**
   * Replaces one topic's ratings by a fit of all its votes that count at this moment, or when it was closed. Votes that arrive
   * during the fit are folded as always, and applied to the fit before it replaces the ratings.
   * @param onProgress is called with the number of votes read so far
   */
  async refit(topicId: number, onProgress: (votes: number) => void = () => undefined): Promise<void> {
    const topicFit = await this.fit(topicId, { onProgress, withSnapshot: true });
    const { upTo: fittedAt, snapshot, topic: before } = topicFit;
    await this.#ratings.advance(async (trx, position) => {
      const since = { from: fittedAt, upTo: await readEnd(trx, topicId) };
      const topic = replaceByFit(await readRatings(trx, topicId), topicFit);
      this.#ratings.set(topic);
      for await (const votes of readCountedVotes(trx, topicId, since))
        for (const vote of votes) applyAndCount(topic, vote);
      const voted = [...topic.ids.keys()].filter((index) => hasVotes(topic, index));
      await writeRatings(trx, topic, voted);
      await deleteRatingsWithoutVotes(trx, topic);
      await writeFit(trx, topicFit);
      if (snapshot) await writeSnapshot(trx, topicId, { upTo: fittedAt, body: snapshot });
      // Before the first fit nothing was expected of the votes.
      if (before.fittedVotes > 0) await raiseAlarms(trx, before, fittedAt);
      // Merges change which votes count for what, also of those that were fitted.
      const stale =
        !hasSameMerges(before.merges, topic.merges) ||
        (await hasRepeatedAnswers(trx, topic, since)) ||
        (await hasLostVotes(trx, topicId, since));
      await markChanged(trx, topicId, { stale });
      return position;
    });
    this.#folding.resume(topicId);
  }

  /**
   * Calculates the fit of one topic's votes that count at the ranker's position, or when it was closed, and writes
   * nothing.
   * @param onProgress is called with the number of votes read so far
   * @param withSnapshot whether to make a snapshot of the fit, if one is due
   */
  async fit(
    topicId: number,
    {
      onProgress = () => undefined,
      withSnapshot = false,
    }: { onProgress?: (votes: number) => void; withSnapshot?: boolean } = {},
  ): Promise<TopicFit> {
    const upTo = await readEnd(this.#db, topicId);
    const { topic, list } = await readVoteList(this.#db, topicId, { upTo, onProgress });
    const hasSnapshot = withSnapshot && (await isSnapshotDue(this.#db, topicId, upTo));
    const header = hasSnapshot ? await readSnapshotHeader(this.#db, topic) : undefined;
    const { fit, snapshot } = await this.#workers.fit({ votes: list.votes, options: {}, header });
    return { fit, topic, upTo, ...list.choices, snapshot: snapshot && Buffer.from(snapshot) };
  }

  /** Fits the topics anew that have new votes, and whose last fit is 24 hours old or older. */
  async refitDaily(): Promise<void> {
    const { rows } = await sql<{ topicId: number }>`
      select topic_id from fits where fitted_at <= now() - interval '24 hours'
        and exists (select from topics where topics.id = topic_id and closed_xid is null) and exists (
        select from votes where votes.topic_id = fits.topic_id and not provisional and (votes.xid, votes.id) > (fits.xid, fits.id))
      order by fitted_at`.execute(this.#db);
    for (const { topicId } of rows)
      if (this.#isDue(topicId, this.#fitPace))
        await this.#tryTopic(topicId, () => this.#fitPace.time(topicId, () => this.refit(topicId)));
  }

  async #fitAndPublish(inBackground: boolean): Promise<void> {
    const pending = await readPendingTopics(this.#db);
    const stale = pending.filter(({ isStale }) => isStale).map(({ topicId }) => topicId);
    const changed = new Set(pending.filter(({ isChanged }) => isChanged).map(({ topicId }) => topicId));
    const toFit = new Set([...stale, ...this.#ratings.topicsToRefit(), ...this.#retries.topics()]);
    for (const topicId of new Set([...toFit, ...changed])) {
      const isDue = (pace: Pace): boolean => !inBackground || this.#isDue(topicId, pace);
      const isFitted = toFit.has(topicId) && isDue(this.#fitPace);
      const isPublished = (isFitted || changed.has(topicId)) && isDue(this.#publishPace);
      if (!isFitted && !isPublished) continue;
      await this.#tryTopic(topicId, async () => {
        if (isFitted) await this.#fitPace.time(topicId, () => this.refit(topicId));
        if (isPublished) await this.#publishPace.time(topicId, () => this.#publish(topicId));
      });
    }
  }

  async #publish(topicId: number): Promise<void> {
    const advance = (): Promise<boolean> =>
      this.#ratings.runExclusive(() =>
        this.#writer.transaction().execute((trx) => advancePairCounts(trx, topicId)),
      );
    while (await advance());
    await publishStandings(this.#db, this.#workers, topicId);
  }

  async #tryTopic(topicId: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#retries.succeeded(topicId);
    } catch (error) {
      this.#retries.failed(topicId, error);
    }
  }

  #isDue(topicId: number, pace: Pace): boolean {
    return !this.#retries.isPaused(topicId) && pace.isDue(topicId);
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }
}
