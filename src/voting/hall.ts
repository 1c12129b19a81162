import { LRUCache } from 'lru-cache';

/** How long a voter is expected to be at a thing, or on the way to it, in milliseconds. */
const STAY_MS = 5 * 60_000;
const [MAX_TOPICS, MAX_VOTERS] = [200, 1_000];

/**
 * Where the voters who walk from thing to thing were sent, as far as this process knows. With more processes, each
 * knows only of those whom it sent itself, so a thing can get so many times more people.
 */
export class Hall {
  /** By topic, the ids of the things to which each voter was sent last. */
  readonly #sent = new LRUCache<number, LRUCache<number, number[]>>({ max: MAX_TOPICS });

  /** Notes where a voter was sent. */
  send({ topicId, voterId }: { topicId: number; voterId: number }, thingIds: number[]): void {
    const sent = this.#sent.get(topicId) ?? new LRUCache({ max: MAX_VOTERS, ttl: STAY_MS });
    sent.set(voterId, thingIds);
    this.#sent.set(topicId, sent);
  }

  /** Counts the voters at each thing of a topic, or on their way to it, by its id. One voter is left out. */
  crowd(topicId: number, exceptId: number): Map<number, number> {
    const counts = new Map<number, number>();
    for (const [voterId, ids] of this.#sent.get(topicId)?.entries() ?? [])
      if (voterId !== exceptId) for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }
}
