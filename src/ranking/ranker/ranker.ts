import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { type Fitted, lostVotes, takeOver, writeFit } from './fit.js';
import { Folding } from './folding.js';
import { readStandingVotes } from './ledger.js';
import { stepPairCounts } from './pair-counts.js';
import { readPosition } from './position.js';
import { RankWorkers } from './rank-worker-pool.js';
import { applyCounted, dropRatings, hasVotes, noteChange, readRatings, writeRatings } from './ratings.js';
import { RatingsInMemory } from './ratings-in-memory.js';
import { type OnFailure, Retries, throwFailure } from './retries.js';
import { isSnapshotDue, readSnapshotHead, writeSnapshot } from './snapshots.js';
import { publishStandings, readMovedTopics } from './standings.js';
import { VoteList } from './vote-list.js';

/**
 * Makes the ratings of the ledger's votes, and the standings of the ratings.
 *
 * Folding comes first and takes milliseconds. What may take long goes on beside it: fitting all of a topic's votes
 * anew, and publishing, which is the topic's pair counts and its standings. A topic that fails holds up no other.
 */
export class Ranker {
  readonly #db: Database;
  readonly #writer: Database;
  readonly #ratings: RatingsInMemory;
  readonly #folding: Folding;
  readonly #retries: Retries;
  readonly #calculations = new RankWorkers();
  readonly #fits = new Pace(10);
  readonly #publications = new Pace(3);
  #upkeep: Promise<void> | undefined;
  #failure: unknown;

  /**
   * @param writer the connection that holds the ranker's lock, where there is one: what must not be written by two
   * rankers goes over it
   * @param onFailure is told of a topic that fails; unless it throws, the others go on and that one is tried again
   */
  constructor(
    db: Database,
    { writer = db, onFailure = throwFailure }: { writer?: Database; onFailure?: OnFailure } = {},
  ) {
    this.#db = db;
    this.#writer = writer;
    this.#ratings = new RatingsInMemory(writer);
    this.#retries = new Retries(onFailure);
    this.#folding = new Folding(writer, this.#ratings, this.#retries);
  }

  /**
   * Folds everything that is in the ledger, then fits the topics anew in which votes were withdrawn or so many were
   * added that it tells (a vote a thing, or a tenth of those fitted before, whichever is more), and publishes what moved.
   * @param patient return after folding, and do the rest beside it; leave a topic for later that took long, or failed, a
   * moment ago
   * @returns how many entries were folded
   */
  async fold({ patient = false } = {}): Promise<number> {
    const folded = await this.#folding.foldAll();
    if (!patient) await this.settled();
    this.#upkeep ??= this.#keepUp(patient)
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#upkeep = undefined;
      });
    if (!patient) await this.settled();
    this.#throwFailure();
    return folded;
  }

  /** Waits for what goes on beside folding. */
  async settled(): Promise<void> {
    await this.#upkeep;
  }

  /**
   * Fits one topic's ratings to all of its votes that stand at this moment. Votes that arrive meanwhile are folded
   * in as ever, and applied to the fit as it takes their place.
   * @param onProgress is called with the number of votes read so far
   */
  async refit(topicId: number, onProgress: (votes: number) => void = () => undefined): Promise<void> {
    const fitted = await this.fit(topicId, { onProgress, withSnapshot: true });
    const { upTo, snapshot } = fitted;
    await this.#ratings.takeTurn(async (trx, position) => {
      const topic = takeOver(await readRatings(trx, topicId), fitted);
      this.#ratings.set(topicId, topic);
      for await (const votes of readStandingVotes(trx, topicId, { from: upTo, upTo: position }))
        for (const vote of votes) applyCounted(topic, vote, new Set());
      const voted = [...topic.ids.keys()].filter((index) => hasVotes(topic, index));
      await writeRatings(trx, topicId, topic, voted);
      await dropRatings(trx, topic);
      await writeFit(trx, topicId, fitted);
      if (snapshot) await writeSnapshot(trx, topicId, { upTo, body: snapshot });
      await noteChange(trx, topicId, { stale: await lostVotes(trx, topicId, upTo, position) });
      return position;
    });
    this.#folding.broughtIn(topicId);
  }

  /**
   * Computes the fit of one topic's votes that stand at the position the ranker has reached, and writes nothing.
   * @param onProgress is called with the number of votes read so far
   * @param withSnapshot whether to make a snapshot of it, if one is due
   */
  async fit(
    topicId: number,
    {
      onProgress = () => undefined,
      withSnapshot = false,
    }: { onProgress?: (votes: number) => void; withSnapshot?: boolean } = {},
  ): Promise<Fitted> {
    const upTo = await readPosition(this.#db);
    // Read after the position, so that no vote up to it is about a thing that is not among them.
    const topic = await readRatings(this.#db, topicId);
    for (const counts of [topic.wins, topic.losses, topic.ties]) counts.fill(0);
    topic.votes = 0;
    const voteList = new VoteList(topic);
    for await (const votes of readStandingVotes(this.#db, topicId, { upTo })) {
      for (const vote of votes) voteList.add(vote);
      onProgress(voteList.count);
    }
    const hasSnapshot = withSnapshot && (await isSnapshotDue(this.#db, topicId, upTo));
    const head = hasSnapshot ? await readSnapshotHead(this.#db, topicId, topic) : undefined;
    const { fit, snapshot } = await this.#calculations.fit({ votes: voteList.take(), options: {}, head });
    return { fit, topic, upTo, ...voteList.sides, snapshot: snapshot && Buffer.from(snapshot) };
  }

  /** Fits the topics anew that have had votes since their last fit, a day ago or longer. */
  async refitDaily(): Promise<void> {
    const { rows } = await sql<{ topicId: number }>`
      select topic_id from fits where fitted_at <= now() - interval '24 hours' and exists (
        select from votes where votes.topic_id = fits.topic_id and not provisional and (votes.xid, votes.id) > (fits.xid, fits.id))
      order by fitted_at`.execute(this.#db);
    for (const { topicId } of rows)
      if (this.#isDue(topicId, this.#fits))
        await this.#tryFor(topicId, () => this.#fits.time(topicId, () => this.refit(topicId)));
  }

  async #keepUp(patient: boolean): Promise<void> {
    const moved = await readMovedTopics(this.#db);
    const stale = moved.filter(({ isStale }) => isStale).map(({ topicId }) => topicId);
    const changed = new Set(moved.filter(({ isChanged }) => isChanged).map(({ topicId }) => topicId));
    const toFit = new Set([...stale, ...this.#ratings.grownTopics(), ...this.#retries.topics()]);
    for (const topicId of new Set([...toFit, ...changed])) {
      const isDue = (pace: Pace): boolean => !patient || this.#isDue(topicId, pace);
      const isFitted = toFit.has(topicId) && isDue(this.#fits);
      const isPublished = (isFitted || changed.has(topicId)) && isDue(this.#publications);
      if (!isFitted && !isPublished) continue;
      await this.#tryFor(topicId, async () => {
        if (isFitted) await this.#fits.time(topicId, () => this.refit(topicId));
        if (isPublished) await this.#publications.time(topicId, () => this.#publish(topicId));
      });
    }
  }

  async #publish(topicId: number): Promise<void> {
    const step = (): Promise<boolean> =>
      this.#ratings.exclusively(() =>
        this.#writer.transaction().execute((trx) => stepPairCounts(trx, topicId)),
      );
    while (await step());
    await publishStandings(this.#db, this.#calculations, topicId);
  }

  async #tryFor(topicId: number, work: () => Promise<void>): Promise<void> {
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

/** Keeps work that may take long to a share of the time for each topic: it is not repeated for each of many votes. */
class Pace {
  readonly #last = new Map<number, { ended: number; took: number }>();
  readonly #rest: number;

  /** @param rest how many times as long as the work took it rests afterwards */
  constructor(rest: number) {
    this.#rest = rest;
  }

  isDue(topicId: number): boolean {
    const last = this.#last.get(topicId);
    return !last || Date.now() - last.ended >= this.#rest * last.took;
  }

  async time(topicId: number, work: () => Promise<void>): Promise<void> {
    const began = Date.now();
    try {
      await work();
    } finally {
      this.#last.set(topicId, { ended: Date.now(), took: Date.now() - began });
    }
  }
}
