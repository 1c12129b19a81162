import { sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import type { Boards } from '../ranking/boards.js';
import type { OwnProgress } from '../voting/turn.js';
import type { FiguresOfPeople } from './own-figures.js';
import { ANSWERS_ENOUGH } from './own-top.js';
import { ownTopics } from './own-votes.js';

const MOST_KEPT = 10_000;
// What is to be expected moves slowly, and working it out costs as much as ten votes.
const VOTES_BETWEEN = 5;

/**
 * How far people's own Tops have come, for the page with the pair. It says at once what is known, and works it out
 * anew aside, every five votes, so that no vote waits for it.
 */
export class ProgressOfPeople {
  readonly #db: Database;
  readonly #boards: Boards;
  readonly #figures: FiguresOfPeople;
  readonly #log: Logger;
  readonly #known = new LRUCache<string, OwnProgress & { after: number; votes: number }>({ max: MOST_KEPT });

  constructor(db: Database, boards: Boards, figures: FiguresOfPeople, log: Logger) {
    this.#log = log;
    this.#db = db;
    this.#boards = boards;
    this.#figures = figures;
  }

  /** How far a person's own Top of a topic has come. @param after the id of their latest vote there */
  async of(voter: number, board: Board, after: number): Promise<OwnProgress> {
    const key = `${voter} ${board.topic.id}`;
    let known = this.#known.get(key);
    if (!known || known.toGo > 0) {
      const toGo = ANSWERS_ENOUGH - (await this.#countAnswers(voter, board));
      known = { toGo, enough: ANSWERS_ENOUGH, size: 0, expectedRight: 0, after, votes: VOTES_BETWEEN };
      this.#known.set(key, known);
    } else if (known.after !== after) {
      known.after = after;
      known.votes++;
    }
    if (known.toGo === 0 && known.votes >= VOTES_BETWEEN && !this.#figures.isBusy) {
      known.votes = 0;
      // A figure on the side: when it fails it stays as it was, and is tried again five votes on.
      this.#workOut(key, voter, board).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'how far an own Top has come is not worked out'),
      );
    }
    return known;
  }

  async #countAnswers(voter: number, board: Board): Promise<number> {
    const { rows } = await sql<{ answers: number }>`
      select count(*)::int as answers from (
        select from votes
        where voter_id = ${voter} and topic_id = ${board.topic.id} and withdrawn_at is null and outcome <> 'skip'
        limit ${ANSWERS_ENOUGH}) as enough`.execute(this.#db);
    return rows[0]?.answers ?? 0;
  }

  async #workOut(key: string, voter: number, board: Board): Promise<void> {
    const topics = await ownTopics(this.#db, this.#boards, voter);
    const topic = topics.find((one) => one.board.topic.id === board.topic.id);
    const figures = topic && (await this.#figures.of(voter, topic, { aside: true }));
    const known = this.#known.get(key);
    // Votes may have been taken back since: then they are counted again.
    if (!known || !figures || figures.answers < ANSWERS_ENOUGH) this.#known.delete(key);
    else Object.assign(known, { size: figures.topSize, expectedRight: Math.round(figures.expectedRight) });
  }
}
