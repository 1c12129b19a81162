/** Trigrams that more names have, such as those of "Team", say little, and would take much time. */
const MAX_SHARED = 100;

/** How alike two names must be, from 0 to 1, to count as almost the same. */
const ALMOST_SAME = 0.55;

/**
 * Names that can be searched for others that are almost the same. Two names are alike when their words share most of
 * their trigrams, as in Postgres's pg_trgm. Names with different digits are never alike: "Group 1" is not "Group 2".
 */
export class NearNames {
  readonly #names: { name: string; size: number }[] = [];
  /** The indexes of the names that have a trigram, by their digits and that trigram. */
  readonly #index = new Map<string, number[]>();

  constructor(names: Iterable<string> = []) {
    for (const name of names) this.add(name);
  }

  /** Adds a name. */
  add(name: string): void {
    const trigrams = trigramsOf(name);
    const index = this.#names.push({ name, size: trigrams.size }) - 1;
    for (const trigram of trigrams) {
      const indexes = this.#index.get(trigram);
      if (!indexes) this.#index.set(trigram, [index]);
      else if (indexes.length < MAX_SHARED) indexes.push(index);
    }
  }

  /** The name that is almost the same as another one; undefined when there is none. */
  mostLike(name: string): string | undefined {
    return this.like(name, ALMOST_SAME)[0];
  }

  /** The three names at most that are most like another one, without that name itself. */
  like(name: string, least: number): string[] {
    const trigrams = trigramsOf(name);
    const shared = new Map<number, number>();
    for (const trigram of trigrams)
      for (const index of this.#index.get(trigram) ?? []) shared.set(index, (shared.get(index) ?? 0) + 1);
    return [...shared]
      .flatMap(([index, count]) => {
        const other = this.#names[index];
        if (!other) return [];
        const similarity = count / (trigrams.size + other.size - count);
        return similarity >= least ? [{ name: other.name, similarity }] : [];
      })
      .sort((one, other) => other.similarity - one.similarity)
      .slice(0, 3)
      .map((found) => found.name);
  }
}

function trigramsOf(name: string): Set<string> {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const digits = (plain.match(/\p{N}+/gu) ?? []).join(' ');
  const trigrams = new Set<string>();
  for (const word of plain.match(/[\p{L}\p{N}]+/gu) ?? []) {
    const letters = [...`  ${word} `];
    for (let start = 0; start + 3 <= letters.length; start++)
      trigrams.add(`${digits} ${letters.slice(start, start + 3).join('')}`);
  }
  return trigrams;
}
